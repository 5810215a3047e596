/** Keys: the key pair of the server, the certificates of the boxes, and who may read them. */
import { stat } from 'node:fs/promises';
import { codeOf, MakaiError, messageOf } from '../../common/errors.js';
import { isThere } from '../../common/is-there.js';
import { shownUrl } from '../../common/store-url.js';
import type {
  AcquisitionBrokerSettings,
  AnySettings,
  ServerKey,
  SettingsOf,
  TriggeringBrokerSettings,
  TriggeringServiceSettings,
} from '../../config/settings.js';
import { readPublicCertificate, readSecretCertificate } from '../../keys/files.js';
import { parseKeyPair } from '../../keys/key.js';
import { type ClientFolder, certificates } from './certificates.js';
import type { Deployment } from './deployment.js';
import { type Diagnosis, reporter } from './diagnosis.js';
import type { Stored } from './stored.js';
import { storedKeys } from './stored-keys.js';
import { obstacle, type User } from './user.js';

const { ok, note, wrong } = reporter('keys');
const permissions = reporter('permissions');

type BrokerSettings = TriggeringBrokerSettings | AcquisitionBrokerSettings;
/** Daemons that connect to the brokers' backend. */
const CLIENTS = ['triggering-service', 'analysis-service', 'web-service', 'gateway'] as const;
type Client = (typeof CLIENTS)[number];

interface Pair {
  /** undefined if it cannot be read */
  publicKey?: string;
  found: Diagnosis[];
}

export async function keys(deployment: Deployment, user: User, stored: Stored): Promise<Diagnosis[]> {
  const brokers = [
    deployment['triggering-broker'].settings,
    deployment['acquisition-broker'].settings,
  ].filter((settings) => settings !== undefined);
  const service = deployment['triggering-service'].settings;
  const present = await Promise.all(brokers.map(({ serverKey }) => pairOf(serverKey, user)));
  const next = await Promise.all(
    brokers.flatMap(({ serverCertNext: file }) => (file === undefined ? [] : [nextPairOf(file, user)])),
  );
  const serverKeys = new Set([...present, ...next].flatMap(({ publicKey }) => publicKey ?? []));
  const folders = [...brokers, ...(service ? [service] : [])].flatMap(clientFolder);
  return [
    ...unique([...present, ...next].flatMap(({ found }) => found)),
    ...oneKey('server key', 'server_cert', present),
    ...oneKey('next server key', 'server_cert_next', next),
    ...(await Promise.all(unique(folders).map((folder) => certificates(folder, user, serverKeys)))).flat(),
    ...unique(brokers.flatMap(openDoor)),
    ...(service ? idsOf(service, deployment['triggering-broker'].settings) : []),
    ...(await backend(brokers, deployment, user)),
    ...(await storedKeys(deployment, stored)),
  ];
}

/** A box knows one key of the server and connects to both brokers. */
function oneKey(subject: string, field: string, pairs: readonly Pair[]): Diagnosis[] {
  if (new Set(pairs.flatMap(({ publicKey }) => publicKey ?? [])).size <= 1) return [];
  const message = 'the two brokers have different keys, but a box knows one';
  return [wrong(subject, message, `set the same ${field} in both files`)];
}

/** `backend_curve`: key pairs, who may connect, and whether the services know the brokers' key. */
async function backend(
  brokers: readonly BrokerSettings[],
  deployment: Deployment,
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
  const clients = await Promise.all(
    CLIENTS.map(async (kind) => {
      const { settings } = deployment[kind];
      return settings === undefined ? [] : client(settings, kind, { pairs, brokers: brokers.length, user });
    }),
  );
  return unique([...pairs.flatMap(({ found }) => found), ...listed.flat(), ...clients.flat()]);
}

async function client(
  { backendCurve: curve }: SettingsOf[Client],
  kind: Client,
  { brokers, pairs, user }: { pairs: readonly Pair[]; brokers: number; user: User },
): Promise<Diagnosis[]> {
  const subject = 'backend_curve';
  const todo = 'set backend_curve in the files of all daemons or of none';
  if (brokers > 0 && pairs.length !== (curve === undefined ? 0 : brokers)) {
    const state = `${pairs.length} of ${brokers} brokers have it, the ${kind.replace('-', ' ')} ${curve ? 'has' : 'does not have'} it`;
    return [note(subject, `${state}: they cannot connect to each other`, todo)];
  }
  if (curve === undefined) return [];
  const own = await pairOf({ file: curve.cert }, user, 'the brokers know the service by');
  const kept = await obstacle(curve.serverKey, 'read', user);
  if (kept !== undefined)
    return [...own.found, permissions.wrong(curve.serverKey, kept, `let ${user.name} read it`)];
  try {
    const { publicKey } = await readPublicCertificate(curve.serverKey);
    const strange = pairs.some((pair) => pair.publicKey !== undefined && pair.publicKey !== publicKey);
    if (!strange) return [...own.found, ok(curve.serverKey, `a valid certificate of ${publicKey}`)];
    const message = "is not the key of the brokers' backend";
    return [
      ...own.found,
      wrong(curve.serverKey, message, 'put the public certificate of their key pair there'),
    ];
  } catch (error) {
    return [
      ...own.found,
      wrong(curve.serverKey, messageOf(error), "put the brokers' public certificate there"),
    ];
  }
}

/** Without duplicates: both brokers usually have the same files. */
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
    return {
      publicKey: pair.publicKey,
      found: [ok(subject, `a valid key pair; ${whose} ${pair.publicKey}`)],
    };
  } catch (error) {
    const code = error instanceof MakaiError ? error.code : undefined;
    const todo =
      (error instanceof MakaiError ? error.hint : undefined) ?? 'makai keys new-server makes a key pair';
    const area = code === 'SECRET_EXPOSED' ? permissions : { wrong };
    return { found: [area.wrong(subject, messageOf(error), todo)] };
  }
}

/** Between the steps of a rotation there is no next pair, and the brokers' endpoints for it carry the present one. */
async function nextPairOf(file: string, user: User): Promise<Pair> {
  const isMissing = await stat(file).then(
    () => false,
    (error: unknown) => codeOf(error) === 'ENOENT',
  );
  if (!isMissing) return pairOf({ file }, user);
  const message = 'there is no next key: the endpoints for it carry the present one';
  return {
    found: [
      note(file, message, 'docs/security.md, "Changing the server\'s key", has the steps that are left'),
    ],
  };
}

function clientFolder(settings: AnySettings): ClientFolder[] {
  if (!('allow' in settings)) return [];
  const { any, directory } = settings.allow;
  // Everyone may connect. The folder, if it exists, contains the revoked keys.
  if (directory === undefined || (any && isKnownMissing(directory))) return [];
  return [{ folder: directory, who: 'box', any }];
}

/** A folder that may not be looked for counts as there: what reads it says why it cannot. */
function isKnownMissing(folder: string): boolean {
  try {
    return !isThere(folder, 'KEY_FILE_IO');
  } catch {
    return false;
  }
}

function openDoor({ allow }: BrokerSettings): Diagnosis[] {
  if (!allow.any) return [];
  return [
    note(
      'allow_any_client',
      'everyone who knows the public key of the server may connect',
      'makai keys new-box for each box, then client_certs',
    ),
  ];
}

/** The triggering service should accept the same boxes as the broker that admits them. */
function idsOf(
  service: TriggeringServiceSettings,
  broker: TriggeringBrokerSettings | undefined,
): Diagnosis[] {
  const subject = 'ids of boxes';
  const [sources, admitted] = [sourcesOf(service), broker ? sourcesOf(broker) : []];
  const [own, door] = [sources.join(' and '), admitted.join(' and ')];
  if (sources.length === 0) {
    const todo =
      'set the same client_certs (or white_list) in its file as in the file of the triggering broker';
    return [
      note(
        subject,
        'the triggering service accepts measurements under any id, also without a certificate',
        todo,
      ),
    ];
  }
  // More sources than the broker has do no harm: it admits no box that the service does not know.
  if (admitted.every((source) => sources.includes(source)))
    return [ok(subject, `the triggering service accepts the ids in ${own}`)];
  const message = `the triggering service accepts the ids in ${own}, the triggering broker admits those in ${door}`;
  return [note(subject, message, 'set the same client_certs and white_list in both files')];
}

/** Empty without a list. */
function sourcesOf({ allow, storeUrl }: TriggeringServiceSettings | TriggeringBrokerSettings): string[] {
  if (allow.any) return [];
  const sources = [allow.directory, allow.store ? `the store ${shownUrl(storeUrl)}` : undefined];
  return sources.filter((source) => source !== undefined);
}
