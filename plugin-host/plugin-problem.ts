/**
 * What went wrong in a plugin's own code, for people: which member, the message, the place in one line; and the plugin's part of the stack.
 * Places are those of the source that the author wrote, where a source map lies beside the file.
 */
import { spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../common/errors.js';
import { PACKAGE_ROOT } from '../common/package-root.js';
import { cleanText } from './request-shape.js';

export interface Problem {
  /** one line */
  problem: string;
  /** the plugin's frames of the stack, one per line; undefined where there are none */
  stack?: string;
}

/** The fields alone, of a larger object. */
export function problemFields({ problem, stack }: Problem): Problem {
  return stack === undefined ? { problem } : { problem, stack };
}

const MAX_PROBLEM = 1000;
const MAX_FRAMES = 20;
const MAX_FRAME = 300;
const CHECK_MS = 5000;
/** Our own code, built and as a source map names it, which is of no use to an author. Plugins that ship are not among it. */
const OWN_CODE = ['plugin-host', 'cli', 'stream', 'common', 'proto'].flatMap((room) => [
  join(PACKAGE_ROOT, 'dist', room, '/'),
  join(PACKAGE_ROOT, room, '/'),
]);

/** An error that a plugin's member has thrown. */
export class MemberError extends Error {
  override readonly name = 'MemberError';

  /** @param member such as `processBatch` */
  constructor(
    readonly member: string,
    override readonly cause: unknown,
  ) {
    super(messageOf(cause), { cause });
  }
}

/** Runs a member of a plugin. @throws MemberError for whatever it throws */
export function inMember<T>(member: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new MemberError(member, error);
  }
}

/** @param error whatever was thrown; an error without a stack of the plugin (one of the host) is its message alone */
export function problemOf(error: unknown): Problem {
  const thrown = error instanceof MemberError ? error.cause : error;
  const member = error instanceof MemberError ? `${error.member}: ` : '';
  const frames = framesOf(thrown);
  const [place] = frames.flatMap(placeOf);
  const problem = cleanText(
    `${member}${messageOf(thrown)}${place === undefined ? '' : ` (${place})`}`,
    MAX_PROBLEM,
  );
  return frames.length === 0 ? { problem } : { problem, stack: frames.join('\n') };
}

/**
 * Where a file has its syntax error: an import's own error does not say.
 * @param files the plugin's file and those that it imports
 * @returns `file.js:3` and the line, or undefined when no file has one
 */
export function syntaxPlace(files: readonly string[]): string | undefined {
  for (const file of files.slice(0, 20)) {
    const { status, stderr } = spawnSync(process.execPath, ['--check', file], {
      encoding: 'utf8',
      timeout: CHECK_MS,
      env: {},
    });
    if (status === 0 || typeof stderr !== 'string') continue;
    const [head = '', line = ''] = stderr.split('\n');
    const number = /:(\d+)$/.exec(head)?.[1];
    if (number !== undefined) return cleanText(`${basename(file)}:${number}: ${line.trim()}`, MAX_FRAME);
  }
  return undefined;
}

/** Frames up to the first one of the host; frames of Node itself are left out. */
function framesOf(thrown: unknown): string[] {
  const stack = thrown instanceof Error ? thrown.stack : undefined;
  if (typeof stack !== 'string') return [];
  const lines = stack.split('\n').filter((line) => /^\s+at /.test(line));
  const end = lines.findIndex((line) => OWN_CODE.some((folder) => line.includes(folder)));
  return (end < 0 ? lines : lines.slice(0, end))
    .filter((line) => !/\bnode:/.test(line))
    .slice(0, MAX_FRAMES)
    .map((line) => cleanText(line.trim(), MAX_FRAME));
}

/** `sags.ts:42:17` of a frame; WebAssembly frames name their function instead. */
function placeOf(frame: string): string[] {
  const found = /\(?((?:file:\/\/)?\/[^()]*?):(\d+):(\d+)\)?$/.exec(frame);
  if (found === null) {
    const wasm = /^at (.*) \(?wasm:\/\//.exec(frame)?.[1];
    return wasm === undefined ? [] : [wasm];
  }
  const [, file = '', line, column] = found;
  const path = file.startsWith('file://') ? fileURLToPath(file) : file;
  return [`${basename(path)}:${line}:${column}`];
}
