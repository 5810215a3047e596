/** A NATS server whose users have credentials (JWT and seed), as `nsc` makes them: operator, account and user. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nkeys } from '@nats-io/transport-node';

type Keys = ReturnType<typeof nkeys.createUser>;

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JWT of NATS, version 2. */
function jwtOf(name: string, of: Keys, by: Keys, nats: object): string {
  const claims = {
    jti: name,
    iat: Math.floor(Date.now() / 1000),
    iss: by.getPublicKey(),
    name,
    sub: of.getPublicKey(),
  };
  const text = `${encode({ typ: 'JWT', alg: 'ed25519-nkey' })}.${encode({ ...claims, nats: { version: 2, ...nats } })}`;
  return `${text}.${Buffer.from(by.sign(Buffer.from(text))).toString('base64url')}`;
}

/** @returns configuration of the server, and the credentials of its one user */
export function writeCredentials(folder: string): { config: string; credentials: string } {
  const [operator, user] = [nkeys.createOperator(), nkeys.createUser()];
  const [account, system] = [nkeys.createAccount(), nkeys.createAccount()];
  const all = { subs: -1, data: -1, payload: -1 };
  const limits = { ...all, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const jetStream = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const ofOperator = jwtOf('operator', operator, operator, { type: 'operator' });
  const ofAccount = jwtOf('account', account, operator, {
    type: 'account',
    limits: { ...limits, ...jetStream },
  });
  const ofSystem = jwtOf('system', system, operator, { type: 'account', limits });
  const ofUser = jwtOf('user', user, account, { type: 'user', ...all });
  const config = join(folder, 'operator.conf');
  writeFileSync(
    config,
    `operator: ${ofOperator}
system_account: ${system.getPublicKey()}
resolver: MEMORY
resolver_preload: { ${account.getPublicKey()}: ${ofAccount}, ${system.getPublicKey()}: ${ofSystem} }
`,
  );
  const credentials = join(folder, 'user.creds');
  const seed = Buffer.from(user.getSeed()).toString();
  writeFileSync(
    credentials,
    `-----BEGIN NATS USER JWT-----\n${ofUser}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`,
    { mode: 0o600 },
  );
  return { config, credentials };
}
