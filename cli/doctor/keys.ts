/** Keys: the server's pair, the boxes' certificates, and who may read them. */
import { existsSync } from 'node:fs';
import { MakaiError, messageOf } from '../../common/errors.js';
import { shownUrl } from '../../common/store-url.js';
import type {
  AcquisitionBrokerSettings,
  AnySettings,
  ServerKey,
  TriggeringBrokerSettings,
  TriggeringServiceSettings,
} from '../../config/settings.js';
import { readPublicCertificate, readSecretCertificate } from '../../keys/files.js';
import { parseKeyPair } from '../../keys/key.js';
import { type ClientFolder, certificates } from './certificates.js';
import type { Deployment } from './deployment.js';
import { type Diagnosis, reporter } from './diagnosis.js';
import { obstacle, type User } from './user.js';

const { ok, note, wrong } = reporter('keys');
const permissions = reporter('permissions');

type BrokerSettings = TriggeringBrokerSettings | AcquisitionBrokerSettings;

interface Pair {
  /** undefined where it cannot be read */
  publicKey?: string;
  found: Diagnosis[];
}

export async function keys(deployment: Deployment, user: User): Promise<Diagnosis[]> {
  const brokers = [
    deployment['triggering-broker'].settings,
    deployment['acquisition-broker'].settings,
  ].filter((settings) => settings !== undefined);
  const service = deployment['triggering-service'].settings;
  const present = await Promise.all(brokers.map(({ serverKey }) => pairOf(serverKey, user)));
  const next = await Promise.all(
    brokers.flatMap(({ serverCertNext: file }) => (file === undefined ? [] : [pairOf({ file }, user)])),
  );
  const folders = [...brokers, ...(service ? [service] : [])].flatMap(clientFolder);
  return [
    ...unique([...present, ...next].flatMap(({ found }) => found)),
    ...oneKey('server key', 'server_cert', present),
    ...oneKey('next server key', 'server_cert_next', next),
    ...(await Promise.all(unique(folders).map((folder) => certificates(folder, user)))).flat(),
    ...unique(brokers.flatMap(openDoor)),
    ...(service ? idsOf(service, deployment['triggering-broker'].settings) : []),
    ...(await backend(brokers, service, user)),
  ];
}

/** A box knows one key of the server, and talks to both brokers. */
function oneKey(subject: string, field: string, pairs: readonly Pair[]): Diagnosis[] {
  if (new Set(pairs.flatMap(({ publicKey }) => publicKey ?? [])).size <= 1) return [];
  const message = 'the two brokers have different keys, but a box knows one';
  return [wrong(subject, message, `let both files name the same ${field}`)];
}

/** `backend_curve`: pairs, who may connect, and whether the service knows the brokers' key. */
async function backend(
  brokers: readonly BrokerSettings[],
  service: TriggeringServiceSettings | undefined,
  user: User,
): Promise<Diagnosis[]> {
  const opened = brokers.flatMap(({ backendCurve: curve }) => curve ?? []);
  const pairs = await Promise.all(
    opened.map(({ serverCert: file }) => pairOf({ file }, user, 'services know the brokers by')),
  );
  const folders = unique(
    opened.map(({ clientCerts: folder }): ClientFolder => ({ folder, who: 'service', any: false })),
  );
  const listed = await Promise.all(folders.map((folder) => certificates(folder, user)));
  return [
    ...unique(pairs.flatMap(({ found }) => found)),
    ...listed.flat(),
    ...(service ? await client(service, pairs, brokers.length, user) : []),
  ];
}

async function client(
  { backendCurve: curve }: TriggeringServiceSettings,
  pairs: readonly Pair[],
  brokers: number,
  user: User,
): Promise<Diagnosis[]> {
  const subject = 'backend_curve';
  const todo = 'let all three files have backend_curve, or none';
  if (brokers > 0 && pairs.length !== (curve === undefined ? 0 : brokers)) {
    const told = `${pairs.length} of ${brokers} brokers have it, the triggering service ${curve ? 'has' : 'has not'}`;
    return [note(subject, `${told}: they cannot talk if they are to`, todo)];
  }
  if (curve === undefined) return [];
  const own = await pairOf({ file: curve.cert }, user, 'the brokers know the service by');
  const kept = await obstacle(curve.serverKey, 'read', user);
  if (kept !== undefined)
    return [...own.found, permissions.wrong(curve.serverKey, kept, `let ${user.name} read it`)];
  try {
    const { publicKey } = await readPublicCertificate(curve.serverKey);
    const strange = pairs.some((pair) => pair.publicKey !== undefined && pair.publicKey !== publicKey);
    if (!strange) return [...own.found, ok(curve.serverKey, `a sound certificate of ${publicKey}`)];
    const message = "is not the key of the brokers' backend";
    return [...own.found, wrong(curve.serverKey, message, 'put the public certificate of their pair there')];
  } catch (error) {
    return [
      ...own.found,
      wrong(curve.serverKey, messageOf(error), "put the brokers' public certificate there"),
    ];
  }
}

/** Both brokers mostly have the same files. */
function unique<T>(found: readonly T[]): T[] {
  const seen = new Map(found.map((one) => [JSON.stringify(one), one]));
  return [...seen.values()];
}

async function pairOf(source: ServerKey, user: User, whose = 'boxes know the server by'): Promise<Pair> {
  const subject = 'file' in source ? source.file : 'pub_key and sec_key';
  try {
    const kept = 'file' in source ? await obstacle(source.file, 'read', user) : undefined;
    if (kept !== undefined) {
      const todo = `give it to the user of the service: chown ${user.name}: ${subject}`;
      return { found: [permissions.wrong(subject, kept, todo)] };
    }
    const pair =
      'file' in source
        ? await readSecretCertificate(source.file)
        : parseKeyPair(source.publicKey, source.secretKey, subject);
    return { publicKey: pair.publicKey, found: [ok(subject, `a sound pair; ${whose} ${pair.publicKey}`)] };
  } catch (error) {
    const code = error instanceof MakaiError ? error.code : undefined;
    const todo =
      (error instanceof MakaiError ? error.hint : undefined) ?? 'makai keys new-server makes a pair';
    const area = code === 'SECRET_EXPOSED' ? permissions : { wrong };
    return { found: [area.wrong(subject, messageOf(error), todo)] };
  }
}

function clientFolder({ allow }: AnySettings): ClientFolder[] {
  const { any, directory } = allow;
  // Everyone may connect: the folder says who is kept out, if it is there at all.
  if (directory === undefined || (any && !existsSync(directory))) return [];
  return [{ folder: directory, who: 'box', any }];
}

function openDoor({ allow }: BrokerSettings): Diagnosis[] {
  if (!allow.any) return [];
  return [
    note(
      'allow_any_client',
      'whoever knows the public key of the server may connect',
      'makai keys new-box for each box, then client_certs',
    ),
  ];
}

/** The triggering service should know the same boxes as the broker that lets them in. */
function idsOf(
  service: TriggeringServiceSettings,
  broker: TriggeringBrokerSettings | undefined,
): Diagnosis[] {
  const subject = 'ids of boxes';
  const [own, door] = [sourceText(service), broker && sourceText(broker)];
  if (own === undefined) {
    const todo = 'let its file name the same client_certs (or white_list) as the triggering broker';
    return [
      note(
        subject,
        'the triggering service takes measurements under any id, also without a certificate',
        todo,
      ),
    ];
  }
  if (door === undefined || door === own)
    return [ok(subject, `the triggering service takes measurements under those of ${own}`)];
  const message = `the triggering service takes measurements under those of ${own}, the triggering broker lets in those of ${door}`;
  return [note(subject, message, 'let both files name the same client_certs and white_list')];
}

/** @returns undefined without a list */
function sourceText({
  allow,
  storeUrl,
}: TriggeringServiceSettings | TriggeringBrokerSettings): string | undefined {
  if (allow.any) return undefined;
  const sources = [allow.directory, allow.store ? `the store ${shownUrl(storeUrl)}` : undefined];
  return sources.filter((source) => source !== undefined).join(' and ') || undefined;
}
