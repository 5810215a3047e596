/** Keys: the server's pair, the boxes' certificates, and who may read them. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MakaiError, messageOf } from '../../common/errors.js';
import { allowListOf, serverKeyOf, shownUrl, storeUrl } from '../../config/derived.js';
import type {
  AcquisitionBrokerConfig,
  AnyConfig,
  TriggeringBrokerConfig,
  TriggeringServiceConfig,
} from '../../config/kinds.js';
import { hasSecretKey, readPublic } from '../../keys/certificate.js';
import { readSecretCertificate } from '../../keys/files.js';
import { parseKeyPair } from '../../keys/key.js';
import type { Deployment } from './deployment.js';
import { type Diagnosis, reporter } from './diagnosis.js';

const { ok, note, wrong } = reporter('keys');
const permissions = reporter('permissions');

type BrokerConfig = TriggeringBrokerConfig | AcquisitionBrokerConfig;

export async function keys(deployment: Deployment): Promise<Diagnosis[]> {
  const brokers = [deployment['triggering-broker'].config, deployment['acquisition-broker'].config].filter(
    (config) => config !== undefined,
  );
  const servers = await Promise.all(brokers.map(serverKey));
  const publicKeys = [...new Set(servers.flatMap(({ publicKey }) => publicKey ?? []))];
  const service = deployment['triggering-service'].config;
  const folders = [...new Set([...brokers, ...(service ? [service] : [])].flatMap(clientFolder))];
  return [
    ...unique(servers.flatMap(({ found }) => found)),
    ...(publicKeys.length > 1
      ? [
          wrong(
            'server key',
            'the two brokers have different keys, but a box knows one',
            'let both files name the same server_cert',
          ),
        ]
      : []),
    ...(await Promise.all(folders.map((folder) => certificates(folder)))).flat(),
    ...unique(brokers.flatMap(openDoor)),
    ...(service ? idsOf(service, deployment['triggering-broker'].config) : []),
  ];
}

/** Both brokers mostly have the same files. */
function unique(found: readonly Diagnosis[]): Diagnosis[] {
  const seen = new Map(found.map((one) => [JSON.stringify(one), one]));
  return [...seen.values()];
}

async function serverKey(config: BrokerConfig): Promise<{ publicKey?: string; found: Diagnosis[] }> {
  const source = serverKeyOf(config);
  const subject = 'file' in source ? source.file : 'pub_key and sec_key';
  try {
    const pair =
      'file' in source
        ? await readSecretCertificate(source.file)
        : parseKeyPair(source.publicKey, source.secretKey, subject);
    return {
      publicKey: pair.publicKey,
      found: [ok(subject, `a sound pair; boxes know the server by ${pair.publicKey}`)],
    };
  } catch (error) {
    const code = error instanceof MakaiError ? error.code : undefined;
    const todo =
      (error instanceof MakaiError ? error.hint : undefined) ?? 'makai keys new-server makes a pair';
    const area = code === 'SECRET_EXPOSED' ? permissions : { wrong };
    return { found: [area.wrong(subject, messageOf(error), todo)] };
  }
}

function clientFolder(config: AnyConfig): string[] {
  const allow = allowListOf(config);
  return !allow.any && allow.directory !== undefined ? [allow.directory] : [];
}

function openDoor(config: BrokerConfig): Diagnosis[] {
  if (!allowListOf(config).any) return [];
  return [
    note(
      'allow_any_client',
      'whoever knows the public key of the server may connect',
      'makai keys new-box for each box, then client_certs',
    ),
  ];
}

/** The triggering service should know the same boxes as the broker that lets them in. */
function idsOf(service: TriggeringServiceConfig, broker: TriggeringBrokerConfig | undefined): Diagnosis[] {
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
function sourceText(config: TriggeringServiceConfig | TriggeringBrokerConfig): string | undefined {
  const allow = allowListOf(config);
  if (allow.any) return undefined;
  const sources = [allow.directory, allow.store ? `the store ${shownUrl(storeUrl(config))}` : undefined];
  return sources.filter((source) => source !== undefined).join(' and ') || undefined;
}

async function certificates(folder: string): Promise<Diagnosis[]> {
  let names: string[];
  try {
    names = (await readdir(folder)).sort();
  } catch (error) {
    return [
      wrong(folder, `cannot be read: ${messageOf(error)}`, 'check client_certs and the rights on the folder'),
    ];
  }
  const found: Diagnosis[] = [];
  const boxes = new Map<string, string>();
  for (const name of names) {
    const path = join(folder, name);
    if (!(await stat(path)).isFile()) continue;
    const text = await readFile(path, 'utf8').catch((error: unknown) => messageOf(error));
    if (hasSecretKey(text))
      found.push(
        permissions.wrong(
          path,
          'a secret key among the public certificates',
          'move it to private_keys, mode 600',
        ),
      );
    try {
      const { boxId, publicKey } = readPublic(text, path);
      if (boxId === undefined) continue;
      const other = boxes.get(publicKey);
      if (other !== undefined)
        found.push(
          note(path, `box ${boxId} has the same key as box ${other}`, 'give each box a key of its own'),
        );
      boxes.set(publicKey, boxId);
    } catch (error) {
      found.push(
        note(path, `is no certificate: ${messageOf(error)}`, 'nobody enters by it; mend or remove it'),
      );
    }
  }
  if (boxes.size > 0)
    found.unshift(ok(folder, `${boxes.size === 1 ? '1 box' : `${boxes.size} boxes`} may connect`));
  else
    found.unshift(
      note(
        folder,
        'no box may connect yet',
        'makai keys new-box <id>, or put the certificates of boxes here',
      ),
    );
  return found;
}
