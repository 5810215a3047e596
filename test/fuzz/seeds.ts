/**
 * Seeds of the fuzzing: messages of several frames, by kind, in seeds/*.json. `npm run test:fuzz -- --write-seeds` writes them again with our own
 * encoders; an input that once broke something is added to seeds/found.json by hand and stays.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { formatSecretCertificate } from '../../keys/certificate.js';
import { newKeyPair } from '../../keys/key.js';
import { FORMAT_SEEDS, type FormatSeeds, formatSeeds } from './format-seeds.js';

export const SEED_FOLDER = join(PACKAGE_ROOT, 'test/fuzz/seeds');

/** Kinds of files in seeds/. */
export type SeedKind =
  | 'stream'
  | 'request'
  | 'reply'
  | 'subscription'
  | 'number'
  | 'http'
  | 'zmtp'
  | 'certificate'
  | 'config'
  | 'wasm'
  | 'zap'
  | 'open-request'
  | 'plugin-request';

/** Generated at each run and not written to disk: no secret key belongs in a repository, not even one of a test. */
export type MadeKind = 'secret-certificate' | FormatSeeds;

export interface Seed {
  what: string;
  kind: SeedKind;
  /** one string a frame */
  frames_hex: string[];
}

let all: Seed[] | undefined;

/** The seeds of a kind, as frames. @throws Error when there is none */
export function seedsOf(kind: SeedKind | MadeKind): Uint8Array[][] {
  if (kind === 'secret-certificate') return secretCertificates();
  if (isFormat(kind)) return formatSeeds(kind);
  all ??= readdirSync(SEED_FOLDER)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((name) => JSON.parse(readFileSync(join(SEED_FOLDER, name), 'utf8')) as Seed[]);
  const found = all.filter((seed) => seed.kind === kind);
  if (found.length === 0) throw new Error(`no seeds of kind ${kind} in ${SEED_FOLDER}`);
  return found.map((seed) => seed.frames_hex.map((hex) => Uint8Array.from(Buffer.from(hex, 'hex'))));
}

function isFormat(kind: SeedKind | MadeKind): kind is FormatSeeds {
  return (FORMAT_SEEDS as readonly string[]).includes(kind);
}

/** Secret certificates of a box and of the server, each with a valid key pair. */
function secretCertificates(): Uint8Array[][] {
  return ['1001', undefined].map((boxId) => [
    Buffer.from(formatSecretCertificate({ boxId, ...newKeyPair() })),
  ]);
}
