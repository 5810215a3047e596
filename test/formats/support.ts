import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MakaiError } from '../../common/errors.js';
import type { FileContent, Recording } from '../../formats/index.js';
import { SHARED_DATA } from '../support/shared-data.js';

/** A file of the recordings beside the project; the test is skipped, with a word, where they are absent. */
export function shared(test: Mocha.Context, name: string): string {
  const file = join(SHARED_DATA, name);
  if (!existsSync(file)) {
    process.stderr.write(`*** SKIPPED: ${file} is not there. ***\n`);
    test.skip();
  }
  return file;
}

/** The call fails as every reader must: a MakaiError with a place, and the words that are given. */
export function refused(act: () => unknown, ...words: RegExp[]): void {
  assert.throws(act, (error) => {
    assert.ok(
      error instanceof MakaiError,
      `not a MakaiError: ${error instanceof Error ? error.stack : error}`,
    );
    assert.equal(error.code, 'RECORDING_INVALID');
    for (const word of words) assert.match(error.message, word);
    return true;
  });
}

export function near(
  actual: ArrayLike<number> | undefined,
  expected: ArrayLike<number>,
  tolerance = 1e-9,
): void {
  assert.equal(actual?.length, expected.length);
  for (let i = 0; i < expected.length; i += 1) {
    const [found, wanted] = [actual?.[i] ?? Number.NaN, expected[i] ?? Number.NaN];
    if (Number.isNaN(wanted) && Number.isNaN(found)) continue;
    assert.ok(
      Math.abs(found - wanted) <= tolerance * Math.max(1, Math.abs(wanted)),
      `${i}: ${found} and ${wanted}`,
    );
  }
}

/** The only recording of a file. */
export function one({ recordings }: FileContent): Recording {
  assert.equal(recordings.length, 1);
  const [recording] = recordings;
  assert.ok(recording);
  return recording;
}

/** Exactly these warnings, one a pattern, in any order. */
export function warns({ warnings }: Pick<FileContent, 'warnings'>, ...patterns: RegExp[]): void {
  const texts = warnings.map(({ text }) => text);
  for (const pattern of patterns)
    assert.ok(
      texts.some((text) => pattern.test(text)),
      `no ${pattern} in ${texts.join(' | ')}`,
    );
  assert.equal(texts.length, patterns.length, texts.join(' | '));
}
