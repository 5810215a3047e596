/**
 * The server's key pairs of one daemon. A change of a key file is taken over while the daemon runs, so that a stolen key does not live on until
 * somebody restarts it. What cannot be read, or is no pair, changes nothing: the keys in force stay, and status and log say why.
 *
 * While no next pair exists, its endpoints carry the present one: before `makai keys rotate-server`, and after `--finish` until the settings are
 * changed, so that a daemon starts between any two steps of a rotation and boxes that have moved are let in.
 */
import { stat } from 'node:fs/promises';
import { type Clock, repeat, systemClock } from '../common/clock.js';
import { codeOf, MakaiError, messageOf } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { readSecretCertificate } from './files.js';
import { type KeyPair, parseKeyPair } from './key.js';

/** So that a change takes effect within 5 s. */
const POLL_MS = 2000;

export type ServerKeySource = { file: string } | { publicKey: string; secretKey: string };

export interface ServerKeysStatus {
  /** public keys in force, Z85 */
  present: string;
  /** left out without endpoints for it */
  next?: string;
  /** why a change of a file was not taken over */
  error?: string;
}

export interface ServerKeysOptions {
  source: ServerKeySource;
  /** file with the next pair; undefined: no endpoints for it */
  nextFile: string | undefined;
  log: Logger;
  clock?: Clock;
  pollMs?: number;
}

export class ServerKeys implements Running {
  readonly #options: ServerKeysOptions;
  readonly #listeners = new Set<() => void>();
  #present: KeyPair;
  #next: KeyPair | undefined;
  #error: string | undefined;
  #fingerprint: string;
  #polling: Running | undefined;

  /** @throws MakaiError KEY_FILE_IO, KEY_INVALID, SECRET_EXPOSED; a next pair that does not exist is no error */
  static async open(options: ServerKeysOptions): Promise<ServerKeys> {
    const { clock = systemClock, log, nextFile, pollMs = POLL_MS } = options;
    const fingerprint = await fingerprintOf(options);
    const { next, present } = await read(options);
    const keys = new ServerKeys(options, present, next, fingerprint);
    if (nextFile !== undefined && next === undefined)
      log.warn({ file: nextFile }, 'no next key of the server: the endpoints for it carry the present one');
    if ('file' in options.source) keys.#polling = repeat(() => keys.refresh(), pollMs, clock);
    return keys;
  }

  private constructor(
    options: ServerKeysOptions,
    present: KeyPair,
    next: KeyPair | undefined,
    fingerprint: string,
  ) {
    this.#options = options;
    this.#present = present;
    this.#next = next;
    this.#fingerprint = fingerprint;
  }

  get present(): KeyPair {
    return this.#present;
  }

  /** For the endpoints of the next key; undefined where there are none. */
  get next(): KeyPair | undefined {
    return this.#options.nextFile === undefined ? undefined : (this.#next ?? this.#present);
  }

  /** Called after each change of a key in force. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Looks at the files now. Never rejects. */
  async refresh(): Promise<void> {
    const { log } = this.#options;
    const fingerprint = await fingerprintOf(this.#options);
    if (fingerprint === this.#fingerprint && this.#error === undefined) return;
    try {
      const { next, present } = await read(this.#options);
      this.#fingerprint = fingerprint;
      if (this.#error !== undefined) log.info('the key files of the server can be read again');
      this.#error = undefined;
      const before = [this.#present.publicKey, this.next?.publicKey];
      [this.#present, this.#next] = [present, next];
      const [was, wasNext] = before;
      if (was === this.present.publicKey && wasNext === this.next?.publicKey) return;
      log.warn(
        { present: this.present.publicKey, next: this.next?.publicKey, was, wasNext },
        'the key of the server has changed: it is taken over',
      );
      for (const listener of this.#listeners) listener();
    } catch (error) {
      if (this.#error === undefined)
        log.error(
          { err: error },
          'a key file of the server has changed and cannot be taken over: the key in force stays',
        );
      this.#error = messageOf(error);
    }
  }

  status(): ServerKeysStatus {
    const next = this.next?.publicKey;
    return {
      present: this.#present.publicKey,
      ...(next === undefined ? {} : { next }),
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
  }

  async stop(): Promise<void> {
    this.#listeners.clear();
    await this.#polling?.stop();
  }
}

async function read({
  nextFile,
  source,
}: ServerKeysOptions): Promise<{ present: KeyPair; next: KeyPair | undefined }> {
  const present =
    'file' in source
      ? await readSecretCertificate(source.file)
      : parseKeyPair(source.publicKey, source.secretKey, 'pub_key and sec_key');
  const next = nextFile === undefined ? undefined : await readIfThere(nextFile);
  return { present, next };
}

async function readIfThere(file: string): Promise<KeyPair | undefined> {
  try {
    return await readSecretCertificate(file);
  } catch (error) {
    const isMissing = error instanceof MakaiError && codeOf(error.cause) === 'ENOENT';
    if (isMissing) return undefined;
    throw error;
  }
}

/** Changes with the files. */
async function fingerprintOf({ nextFile, source }: ServerKeysOptions): Promise<string> {
  const files = ['file' in source ? source.file : undefined, nextFile].filter((file) => file !== undefined);
  const of = files.map((file) =>
    stat(file).then(
      ({ ctimeMs, ino, mtimeMs, size }) => [ctimeMs, ino, mtimeMs, size].join(':'),
      (error: unknown) => codeOf(error) ?? messageOf(error),
    ),
  );
  return (await Promise.all(of)).join(' ');
}
