/** The position of a copy between two stores, kept in a file from one run to the next. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { codeOf } from '../common/errors.js';
import { type CopyPosition, emptyPosition } from '../store/copy.js';

/** Interval of saving. After an interruption, documents copied since the last save are copied again; the target ignores them. */
const SAVE_EVERY_MS = 1000;

export class PositionFile {
  readonly path: string;
  #savedAt = Number.NEGATIVE_INFINITY;

  /** One file per pair of stores. Its name does not show the URLs, which can contain passwords. */
  constructor(from: string, to: string, env: Readonly<NodeJS.ProcessEnv> = process.env) {
    const name = createHash('sha256').update(`${from}\n${to}`).digest('hex').slice(0, 16);
    const state = env.XDG_STATE_HOME || join(homedir(), '.local', 'state');
    this.path = join(state, 'makai', `copy-${name}.json`);
  }

  /** The position that an earlier run left, or undefined. */
  read(): CopyPosition | undefined {
    try {
      const found = JSON.parse(readFileSync(this.path, 'utf8')) as Partial<CopyPosition>;
      return { ...emptyPosition(), ...found };
    } catch (error) {
      // An unreadable position counts as none: the copy starts again, and the target ignores the documents that it has.
      if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  save(position: CopyPosition): void {
    if (performance.now() - this.#savedAt < SAVE_EVERY_MS) return;
    mkdirSync(dirname(this.path), { recursive: true });
    writeFileSync(`${this.path}.new`, JSON.stringify(position));
    renameSync(`${this.path}.new`, this.path);
    this.#savedAt = performance.now();
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }
}
