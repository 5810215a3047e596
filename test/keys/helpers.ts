/** Folders of certificates, logs that can be read, and waiting for events. */
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { createLogger, type Logger } from '../../common/log.js';
import type { AllowChange, AllowList } from '../../keys/allow-list.js';
import { writePublicCertificate } from '../../keys/files.js';
import { type KeyPair, newKeyPair } from '../../keys/key.js';
import { keyLayout } from '../../keys/layout.js';
import { newServer } from '../../keys/manage.js';
import { z85Decode } from '../../keys/z85.js';

/** a user who is not root */
const NOBODY = 65_534;

/** A key directory of its own under the system's temporary folder. */
export async function temporaryKeys() {
  const directory = await mkdtemp(join(tmpdir(), 'makai-keys-'));
  const layout = keyLayout(directory);
  return {
    directory,
    layout,
    /** makes a pair and lets the box in */
    async box(boxId: string): Promise<KeyPair> {
      const pair = newKeyPair();
      await writePublicCertificate(layout.boxPublic(boxId), { boxId, publicKey: pair.publicKey });
      return pair;
    },
    /** runs something while a file may not be read; where we are root nothing of the file changes when it may again */
    async withoutRights<T>(path: string, work: () => Promise<T>): Promise<T> {
      const { mode } = await stat(path);
      if (process.geteuid?.() !== 0) {
        await chmod(path, 0);
        return work().finally(() => chmod(path, mode));
      }
      await chmod(directory, 0o755);
      await chmod(path, 0o600);
      process.seteuid?.(NOBODY);
      return work().finally(() => process.seteuid?.(0));
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** The pair's key as `Gate.mayBeConnected` takes it. */
export function keySet({ publicKey }: KeyPair): ReadonlySet<string> {
  return new Set([z85Decode(publicKey).toString('latin1')]);
}

export interface ServerKeys {
  keys: Awaited<ReturnType<typeof temporaryKeys>>;
  ends: (() => unknown)[];
}

/** Keys with a pair of the server, new for each test, and a list of what to end after it, the latest first. Called in `describe`. */
export function givenServerKeys(): () => ServerKeys {
  const ends: (() => unknown)[] = [];
  let keys: Awaited<ReturnType<typeof temporaryKeys>> | undefined;
  beforeEach(async () => {
    keys = await temporaryKeys();
    await newServer(keys.layout);
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
    await keys?.remove();
  });
  return () => {
    if (keys === undefined) throw new Error('the keys are there only while a test runs');
    return { keys, ends };
  };
}

/** A log whose lines a test can read. */
export function readableLog(): { log: Logger; text: () => string } {
  const stream = new PassThrough();
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return { log: createLogger('test', 'debug', stream), text: () => text };
}

/** The next change of a list. */
export function nextChange(list: AllowList): Promise<AllowChange> {
  return new Promise((resolve) => {
    const unlisten = list.onChange((change) => {
      unlisten();
      resolve(change);
    });
  });
}

/** Waits until a condition holds, looking again every 10 ms: for what no event reports. The test's own time limit is the limit. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}
