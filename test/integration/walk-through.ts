/** The files, commands and outputs of the chapter "Two machines" of docs/scaling.md, in their order, so that what is tested is what is documented. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';

export type MachineName = 'A' | 'B';

export type Step =
  | { kind: 'file'; machine: MachineName; path: string; text: string }
  | { kind: 'commands'; machine: MachineName; text: string }
  /** goes on until it is ended */
  | { kind: 'program'; machine: MachineName; name: string; command: string }
  /** what the commands before it print */
  | { kind: 'output'; text: string };

/** A block that has one line with one of these goes on. */
const PROGRAM =
  /^(?:(mongod|nats-server) |makai (triggering-broker|acquisition-broker|triggering-service|box)\b).*$/;
const BLOCK = /(?:On ([AB])(?:, `([^`]+)`)?:\n\n)?^```(\w+)\n(.*?)^```$/gms;

/** The steps of a section, by its number on the page. @throws Error for a block that says not where it belongs */
export function stepsOf(section: number): Step[] {
  const page = readFileSync(join(PACKAGE_ROOT, 'docs/scaling.md'), 'utf8');
  const text = new RegExp(`^### ${section}\\. .*?(?=^##)`, 'ms').exec(page)?.[0];
  if (text === undefined) throw new Error(`docs/scaling.md has no section ${section}`);
  return [...text.matchAll(BLOCK)].map(([, where, path, language, body = '']): Step => {
    if (where === undefined && language === 'text') return { kind: 'output', text: body };
    if (where !== 'A' && where !== 'B') throw new Error(`it says not on which machine:\n${body}`);
    if (path !== undefined) return { kind: 'file', machine: where, path, text: body };
    const command = body.trim();
    const program = PROGRAM.exec(command);
    if (program === null || command.includes('\n')) return { kind: 'commands', machine: where, text: body };
    return { kind: 'program', machine: where, name: program[1] ?? program[2] ?? '', command };
  });
}
