/** Sources and documentation use the words of docs/glossary.md: a short list of words that have a better one. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { trackedFiles } from '../support/tracked-files.js';

/** word → what to write instead. Where a word has a sense that is fine, the pattern leaves it out. */
const BANNED: readonly [RegExp, string][] = [
  [/\banew\b/i, 'again, reload, reopen'],
  [/\b(told|tells?)\b(?! (them|it|one|which|two|the two|apart|\w+ (apart|from)))/i, 'log, report, say'],
  [/\bgreatest\b/i, 'max, highest, largest'],
  [/(?<!\bat )\bleast\b(?!.squares)/i, 'min, lowest, smallest'],
  [/\bset aside\b/i, 'quarantined'],
  [/\b(in|of) the field\b(?! (of|named|that|'))|\bthe field's\b/i, 'existing boxes and services'],
  [/\bat once\b/i, 'immediately, at the same time, in one write'],
  [/(?<![\w-])stamps?\b/i, 'timestamp'],
  [/\bmains\b/i, 'grid, line voltage'],
  [/\b(is|was|are|were|goes|stays?|while \w+ is) away\b/i, 'unavailable'],
  [/\bnameless\b|\bgiveWay\b|\bbreathe\b|\buntilDone\b/, 'see docs/glossary.md'],
  [/\bcounts a volt\b/i, 'counts per volt'],
  [/\bfrequency (sags?|swells?)\b/i, 'underfrequency, overfrequency'],
  [/\bthe notice of 2020\b|\bfiles? of 20(18|20)\b/i, 'the v3 notice, v2 or v3 files'],
  [/\bone document a line\b/i, 'NDJSON'],
];

/** Facts of other programs, names that changed, licences; and this list. */
const EXCLUDED =
  /^(CHANGELOG\.md|docs\/(glossary|licences)\.md|test\/docs\/words\.test\.ts|package-lock\.json)$/;
const READ = /\.(tsx?|css|md|c|h|rs|sh|service|ya?ml|conf)$|^\.ci\//;

describe('the words', () => {
  it('are those of the glossary', () => {
    const found: string[] = [];
    for (const file of trackedFiles()) {
      if (EXCLUDED.test(file) || !READ.test(file)) continue;
      const lines = readFileSync(join(PACKAGE_ROOT, file), 'utf8').split('\n');
      lines.forEach((line, index) => {
        for (const [word, instead] of BANNED) {
          const [match] = word.exec(line) ?? [];
          if (match !== undefined) found.push(`${file}:${index + 1}: "${match}": ${instead}`);
        }
      });
    }
    assert.ok(found.length === 0, `${found.length} places:\n${found.slice(0, 400).join('\n')}`);
  });
});
