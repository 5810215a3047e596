/** Whether a running daemon uses the keys that are in its files: one that was stolen and replaced must not live on in a daemon. */
import type { ServerKey } from '../../config/settings.js';
import { readPublicCertificate, readSecretCertificate } from '../../keys/files.js';
import type { Deployment, Examined } from './deployment.js';
import { type Diagnosis, reporter } from './diagnosis.js';
import { type Fields, fieldsAt, text } from './reading.js';

const { ok, wrong } = reporter('keys');

export async function keysInForce(deployment: Deployment): Promise<Diagnosis[]> {
  const brokers = [deployment['triggering-broker'], deployment['acquisition-broker']] as const;
  const clients = [
    deployment['triggering-service'],
    deployment['analysis-service'],
    deployment['web-service'],
    deployment.gateway,
  ] as const;
  return (await Promise.all([...brokers.map(ofBroker), ...clients.map(ofService)])).flat();
}

type Service = Examined<'triggering-service' | 'analysis-service' | 'web-service' | 'gateway'>;

/** A service reads the files of its `backend_curve` at its start. Nothing where one cannot be read: that is found elsewhere. */
async function ofService({ kind, running, settings }: Service): Promise<Diagnosis[]> {
  const files = settings?.backendCurve;
  const inForce = fieldsAt(running?.details ?? {}, 'backend_keys');
  if (files === undefined) return [];
  const [brokers, own] = await Promise.all([
    readPublicCertificate(files.serverKey).catch(() => undefined),
    readSecretCertificate(files.cert).catch(() => undefined),
  ]);
  const pairs = [
    ["the brokers' key", text(inForce, 'brokers'), files.serverKey, brokers?.publicKey],
    ['its own key', text(inForce, 'own'), files.cert, own?.publicKey],
  ] as const;
  return pairs.flatMap(([name, used, file, inFile]) => {
    if (used === undefined || inFile === undefined) return [];
    if (used === inFile) return [ok(kind, `backend_curve: ${name} in force is that of its file`)];
    const message = `backend_curve: ${name} in force is ${used}, but ${file} has ${inFile}`;
    return [
      wrong(kind, message, `systemctl restart makai-${kind}: a service reads these files at its start`),
    ];
  });
}

async function ofBroker({
  kind,
  running,
  settings,
}: Examined<'triggering-broker'> | Examined<'acquisition-broker'>): Promise<Diagnosis[]> {
  if (running === undefined || settings === undefined) return [];
  const { backendCurve, serverCertNext, serverKey } = settings;
  const boxes = fieldsAt(running.details, 'access.server_keys');
  const found = [notTaken(kind, boxes), await compare(kind, 'server key', text(boxes, 'present'), serverKey)];
  if (serverCertNext !== undefined)
    found.push(await compare(kind, 'next server key', text(boxes, 'next'), { file: serverCertNext }));
  if (backendCurve !== undefined) {
    const services = fieldsAt(running.details, 'backend_access.server_keys');
    const file = { file: backendCurve.serverCert };
    found.push(notTaken(kind, services));
    found.push(await compare(kind, 'key for services', text(services, 'present'), file));
  }
  return found.flat();
}

function notTaken(kind: string, keys: Fields): Diagnosis[] {
  const error = text(keys, 'error');
  if (error === undefined) return [];
  const message = `a changed key file of the server was not taken over, the key of before is in force: ${error}`;
  return [wrong(kind, message, 'correct the file or the rights on it: it is read again within 5 s')];
}

/** Nothing where the file cannot be read (found elsewhere), or a daemon of another version does not say its key. */
async function compare(
  kind: string,
  name: string,
  inForce: string | undefined,
  source: ServerKey,
): Promise<Diagnosis[]> {
  const pair = 'file' in source ? await readSecretCertificate(source.file).catch(() => undefined) : source;
  if (inForce === undefined || pair === undefined) return [];
  if (pair.publicKey === inForce) return [ok(kind, `the ${name} in force is that of its file`)];
  const where = 'file' in source ? source.file : 'its configuration';
  return [
    wrong(
      kind,
      `the ${name} in force is ${inForce}, but ${where} has ${pair.publicKey}: who has the old one is still let in, and boxes with the new one are not`,
      `systemctl restart makai-${kind}; its log says why it did not take the new key over`,
    ),
  ];
}
