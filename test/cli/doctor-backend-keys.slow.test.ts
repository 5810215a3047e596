/** The keys of `backend_curve`: the brokers take changed files over; of the services `makai doctor` names each one that has to be restarted. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { examine } from '../../cli/doctor/deployment.js';
import { keysInForce } from '../../cli/doctor/keys-in-force.js';
import { Child } from '../../cli/up/children.js';
import { prepareWorkspace, type Workspace } from '../../cli/up/workspace.js';
import { KIND_NAMES, type Kind } from '../../config/kinds.js';
import { writePublicCertificate, writeSecretCertificate } from '../../keys/files.js';
import { newKeyPair } from '../../keys/key.js';
import { until, untilEqual } from '../support/until.js';

const BROKERS: readonly Kind[] = ['triggering-broker', 'acquisition-broker'];
const SERVICES: readonly Kind[] = ['triggering-service', 'analysis-service', 'web-service', 'gateway'];

describe('cli/doctor: keys of the backend that were changed', function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), 'makai-backend-keys-'));
  const path = (name: string): string => join(folder, name);
  const children = new Map<Kind, Child>();
  let workspace: Workspace;

  before(async () => {
    workspace = await prepareWorkspace(folder, ['1']);
    mkdirSync(path('services'));
    await newPairs();
    for (const kind of KIND_NAMES) {
      const file = workspace.configs[kind];
      const curve = BROKERS.includes(kind)
        ? { server_cert: path('backend_secret'), client_certs: path('services') }
        : { server_key: path('backend.key'), cert: path('service_secret') };
      const fields = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
      writeFileSync(file, JSON.stringify({ ...fields, backend_curve: curve }), { mode: 0o600 });
      await start(kind);
    }
  });
  after(async () => {
    for (const child of [...children.values()].reverse()) await child.stop();
    rmSync(folder, { recursive: true });
  });

  async function start(kind: Kind): Promise<void> {
    const { configs, logs } = workspace;
    const args = [kind, configs[kind]];
    children.set(kind, await Child.start({ name: kind, args, logs, onDeath: (text) => assert.fail(text) }));
  }

  /** Of the brokers' backend, and of the services, which share one here. */
  async function newPairs(): Promise<void> {
    const [brokers, service] = [newKeyPair(), newKeyPair()];
    for (const name of ['backend_secret', 'backend.key', 'service_secret', 'services/one.key'])
      rmSync(path(name), { force: true });
    await writeSecretCertificate(path('backend_secret'), { boxId: undefined, ...brokers });
    await writePublicCertificate(path('backend.key'), { boxId: undefined, publicKey: brokers.publicKey });
    await writeSecretCertificate(path('service_secret'), { boxId: undefined, ...service });
    await writePublicCertificate(join(path('services'), 'one.key'), { boxId: undefined, ...service });
  }

  /** What doctor says of each daemon's keys for the backend; nothing of one that has no time to reply. */
  async function verdicts(): Promise<Record<string, string[]>> {
    const found = await keysInForce(await examine(folder));
    const of = (kind: Kind): string[] =>
      found
        .filter(({ subject, message }) => subject === kind && /backend_curve|for services/.test(message))
        .map(({ verdict }) => verdict);
    return Object.fromEntries(KIND_NAMES.map((kind) => [kind, of(kind)]));
  }

  const expected = (ofServices: string): Record<string, string[]> =>
    Object.fromEntries([
      ...BROKERS.map((kind) => [kind, ['ok']] as const),
      ...SERVICES.map((kind) => [kind, [ofServices, ofServices]] as const),
    ]);

  it('each is named until it has been restarted', async () => {
    await untilEqual(verdicts, expected('ok'));
    await newPairs();
    // The brokers take the new keys over.
    await untilEqual(verdicts, expected('wrong'));
    const named = async () =>
      (await keysInForce(await examine(folder))).find(({ verdict }) => verdict === 'wrong');
    let first = await named();
    // A daemon that has no time to reply is not named.
    await until('one is named', async () => {
      first ??= await named();
      return first !== undefined;
    });
    assert.match(
      first?.message ?? '',
      /^backend_curve: the brokers' key in force is .*, but .*backend\.key has /,
    );
    assert.match(first?.todo ?? '', /^systemctl restart makai-/);
    for (const kind of SERVICES) {
      await children.get(kind)?.stop();
      await start(kind);
    }
    await untilEqual(verdicts, expected('ok'));
  });
});
