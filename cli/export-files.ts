/** `--format`, `--out` and `--json` of the commands that export. They write files into a folder, or one file to stdout. */
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { type Command, Option } from 'commander';
import { jsonLine, write } from '../common/stdout.js';
import { yieldToEventLoop } from '../common/yield.js';
import { type Chunk, EXPORT_FORMATS, type ExportFormat } from '../formats/export/chunks.js';
import { UsageError } from './errors.js';
import { type Column, table } from './output.js';

export interface ExportChoice {
  format?: ExportFormat;
  out?: string;
  json?: true;
}

/** Signals and the progress bar are served this often. */
const YIELD_MS = 50;

/** Formats that are one text file, and so can be written to stdout. */
const TO_STDOUT: readonly ExportFormat[] = ['csv', 'ndjson'];

export function withExportOptions(
  command: Command,
  formats: readonly ExportFormat[] = EXPORT_FORMATS,
): Command {
  return command
    .addOption(new Option('--format <format>', 'format of the files').choices([...formats]))
    .option('--out <folder>', 'target folder, created if missing; without it csv and ndjson go to stdout');
}

/** Writes the files of an exporter, without a thread between: a command that exports does nothing else, and has thousands of small files. */
export class ExportFiles {
  readonly #folder: string | undefined;
  readonly #json: boolean;
  readonly #bar: SingleBar | undefined;
  /** file descriptors by name */
  readonly #open = new Map<string, number>();
  readonly #written = new Map<string, number>();
  #count = 0;
  #yieldedAt = performance.now();

  /**
   * @param what unit of the progress bar on a terminal, such as 'events'
   * @param total their number, if known
   * @throws UsageError for a format that needs a folder, without a folder
   */
  constructor(format: ExportFormat, choice: ExportChoice, what: string, total?: number) {
    this.#folder = choice.out;
    this.#json = choice.json === true;
    if (choice.out === undefined && !TO_STDOUT.includes(format))
      throw new UsageError(`--format ${format} writes files: give a folder with --out`);
    if (choice.out === undefined && this.#json)
      throw new UsageError('--json lists the files that were written, so it needs --out');
    if (choice.out === undefined || process.stderr.isTTY !== true) return;
    const progress = total === undefined ? `{value} ${what}` : `{bar} {value}/{total} ${what}`;
    this.#bar = new SingleBar({ format: `${progress}, {megabytes} MB`, hideCursor: true });
    this.#bar.start(total ?? 0, 0, { megabytes: '0' });
  }

  async write(chunks: Iterable<Chunk>): Promise<void> {
    for (const { file, bytes, last } of chunks) {
      if (this.#folder === undefined) {
        if (bytes.length > 0) await write(bytes);
        continue;
      }
      const descriptor = this.#descriptor(this.#folder, file);
      if (bytes.length > 0) writeFileSync(descriptor, bytes);
      this.#written.set(file, (this.#written.get(file) ?? 0) + bytes.length);
      if (last) this.#end(file, descriptor);
    }
    if (performance.now() - this.#yieldedAt < YIELD_MS) return;
    await yieldToEventLoop();
    this.#yieldedAt = performance.now();
  }

  /** One more document is done. */
  counted(): void {
    this.#count += 1;
    if (this.#bar === undefined || this.#count % 10 !== 0) return;
    this.#bar.update(this.#count, { megabytes: this.#megabytes() });
  }

  /** Reports the files that were written. */
  async end(): Promise<void> {
    this.#bar?.update(this.#count, { megabytes: this.#megabytes() });
    this.close();
    if (this.#folder === undefined) return;
    const files = [...this.#written].map(([file, bytes]) => ({
      file: join(this.#folder ?? '', file),
      bytes,
    }));
    if (this.#json) for (const file of files) await write(jsonLine(file));
    else {
      const columns: Column<{ file: string; bytes: number }>[] = [
        { title: 'file', value: ({ file }) => file },
        { title: 'bytes', value: ({ bytes }) => bytes, right: true },
      ];
      await write(table(columns, files));
    }
  }

  /** Closes, also after a failure. Files that were begun are kept. */
  close(): void {
    this.#bar?.stop();
    for (const [file, descriptor] of this.#open) this.#end(file, descriptor);
  }

  #megabytes(): string {
    return ([...this.#written.values()].reduce((sum, bytes) => sum + bytes, 0) / 1e6).toFixed(1);
  }

  #descriptor(folder: string, file: string): number {
    const known = this.#open.get(file);
    if (known !== undefined) return known;
    if (this.#written.size === 0) mkdirSync(folder, { recursive: true });
    const descriptor = openSync(join(folder, file), 'w');
    this.#open.set(file, descriptor);
    return descriptor;
  }

  #end(file: string, descriptor: number): void {
    this.#open.delete(file);
    closeSync(descriptor);
  }
}
