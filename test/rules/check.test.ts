import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MakaiError } from '../../common/errors.js';
import { checkRules, readRules } from '../../rules/check.js';
import { runs } from '../support/property.js';
import { oneRule } from './rig.js';

const mistakesOf = (file: unknown): string[] => {
  const checked = checkRules(file);
  return 'mistakes' in checked ? checked.mistakes.map(({ message, path }) => `${path}: ${message}`) : [];
};

const chain = (...topics: [reads: string, makes: string][]) => ({
  rules: topics.map(([topic, new_topic], index) => ({
    statements: [{ id: index + 1, topic, condition: '$a == 1' }],
    logic: [{ operations: `$${index + 1}`, new_topic, new_payload: '' }],
  })),
});

describe('rules: the check of a file', () => {
  it('lists every mistake with its path, in one answer', () => {
    const found = mistakesOf({
      filters: [{ topic: 'a/#/b', subtopic: 'x/+', statements: [{ condition: '$a >', new_payload: '' }] }],
      rules: [
        {
          statements: [
            { id: 1, topic: 'a', payload_type: 'float', condition: '$a > 1' },
            { id: 1, topic: 'a+', payload_type: 'int', condition: '$__proto__ > 1' },
          ],
          logic: [
            { operations: '$1 and $7', new_topic: 'x/#', new_payload: '' },
            { operations: '$1 > 5', new_topic: 'x', new_payload: '' },
            { operations: '$1 or true', new_topic: 'x', new_payload: '' },
          ],
        },
      ],
    });
    const expected = [
      /^filters\[0\]\.topic: # stands alone/,
      /^filters\[0\]\.subtopic: .*wildcards/,
      /^filters\[0\]\.statements\[0\]\.condition: at character 5/,
      /^rules\[0\]\.statements\[1\]\.id: .*which rules\[0\]\.statements\[0\] has too/,
      /^rules\[0\]\.statements\[1\]\.topic: \+ stands alone/,
      /^rules\[0\]\.statements\[1\]\.condition: .*__proto__/,
      /^rules\[0\]\.logic\[0\]\.new_topic: .*wildcards/,
      /^rules\[0\]\.logic\[0\]\.operations: .*found \$7/,
      /^rules\[0\]\.logic\[1\]\.operations: .*a comparison goes into a condition/,
      /^rules\[0\]\.logic\[2\]\.operations: .*found true/,
    ];
    assert.equal(found.length, expected.length, found.join('\n'));
    for (const [index, pattern] of expected.entries()) assert.match(found[index] ?? '', pattern);
  });

  it('names wrong types, unknown fields and what is missing', () => {
    const file = oneRule({ payload_type: 'double', hysteresis: -1 }, { for: 'long', cool: 1, notify: 'a b' });
    const found = mistakesOf(file).join('\n');
    assert.match(found, /rules\[0\]\.statements\[0\]\.payload_type: /);
    assert.match(found, /rules\[0\]\.statements\[0\]\.hysteresis: /);
    assert.match(found, /rules\[0\]\.logic\[0\]\.for: expected number, found string/);
    assert.match(found, /rules\[0\]\.logic\[0\]: .*"cool"/);
    assert.match(found, /rules\[0\]\.logic\[0\]\.notify: /);
    assert.match(mistakesOf({ filters: 1, rules: {} }).join('\n'), /filters: expected array, found number/);
    for (const other of [undefined, null, 5, 'text', []]) assert.equal(mistakesOf(other).length, 1);
  });

  it('an error has all of them, and a code', () => {
    assert.throws(
      () => readRules({ rules: [{}] }),
      (error) => error instanceof MakaiError && error.code === 'RULES_INVALID' && /logic/.test(error.message),
    );
  });

  it('an empty file and one without a part are right', () => {
    for (const file of [{}, { filters: [] }, { rules: [] }]) assert.deepEqual(mistakesOf(file), []);
  });

  it('refuses rules that fire each other in a circle, and says which', () => {
    assert.match(mistakesOf(chain(['!x', 'x'])).join(), /rules\[0\].logic\[0\].new_topic: fires itself/);
    assert.match(mistakesOf(chain(['!b', 'a'], ['!a/#', 'b'], ['c', 'd'])).join(), /circle/);
    const three = mistakesOf(chain(['!c', 'a'], ['!a', 'b'], ['!b', 'c'])).join();
    assert.match(
      three,
      /rules\[0\]\.logic\[0\] → rules\[1\]\.logic\[0\] → rules\[2\]\.logic\[0\] → rules\[0\]/,
    );
    assert.deepEqual(mistakesOf(chain(['x', 'x'], ['#', 'y'], ['!x', 'z'], ['!y', 'z'])), []);
  });

  it('also through a filter', () => {
    const filters = [
      { topic: '!x', subtopic: 'late', statements: [{ condition: '$a == 1', new_payload: '' }] },
    ];
    assert.match(mistakesOf({ filters, ...chain(['!x/late', 'x']) }).join(), /circle/);
    assert.deepEqual(mistakesOf({ filters, ...chain(['!x/late', 'y']) }), []);
  });

  it('finds no circle in a chain as long as a file may be', () => {
    const long = Array.from({ length: 5000 }, (_, index): [string, string] => [
      `!${index}`,
      String(index + 1),
    ]);
    assert.deepEqual(mistakesOf(chain(...long)), []);
  });

  it('property: no JSON stops it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        checkRules(a);
        checkRules({ filters: a, rules: b });
        checkRules({ filters: [a], rules: [{ statements: [b], logic: [a] }] });
        checkRules(oneRule({ condition: a, topic: b }, { operations: a, new_topic: b }));
      }),
      { numRuns: runs(500) },
    );
  });
});
