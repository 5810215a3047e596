import assert from 'node:assert/strict';
import fc from 'fast-check';
import { asFound, patternMistake, TopicIndex, topicMatches, topicMistake } from '../../rules/topics.js';
import { runs } from '../support/property.js';

describe('rules: topics', () => {
  const matches: [string, string, boolean][] = [
    ['a/b', 'a/b', true],
    ['a/+', 'a/b', true],
    ['a/+', 'a', false],
    ['a/+', 'a/b/c', false],
    ['a/#', 'a', true],
    ['a/#', 'a/b/c', true],
    ['#', 'a/b', true],
    ['+', '/a', false],
    ['+/+', '/a', true],
    ['/+', '/a', true],
    ['a/+/', 'a/b/', true],
    ['#', '$SYS/x', false],
    ['+/x', '!a/x', false],
    ['!#', '!a', false],
    ['!a/#', '!a/b', true],
    ['#', '!a', false],
    ['$SYS/#', '$SYS/x', true],
  ];
  for (const [pattern, topic, expected] of matches)
    it(`${pattern} ${expected ? 'matches' : 'does not match'} ${topic}`, () =>
      assert.equal(topicMatches(pattern, topic), expected));

  it('names what is wrong with a filter or a topic', () => {
    for (const wrong of ['', 'a#', 'a/#/b', 'a+/b', 'a\u0000', 'x'.repeat(2000)])
      assert.notEqual(patternMistake(wrong), undefined, wrong);
    for (const right of ['#', '+', 'a/+/b/#', '/', 'ä b'])
      assert.equal(patternMistake(right), undefined, right);
    for (const wrong of ['', 'a/+', 'a/#', 'a\n']) assert.notEqual(topicMistake(wrong), undefined, wrong);
  });

  it('property: the index finds what a comparison level by level finds', () => {
    const level = fc.constantFrom('a', 'b', '', '!a', '$a');
    const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'));
    const pattern = fc
      .tuple(fc.array(fc.oneof(level, fc.constant('+')), { maxLength: 4 }), fc.boolean())
      .map(([levels, rest]) => (rest || levels.length === 0 ? [...levels, '#'] : levels).join('/'));
    fc.assert(
      fc.property(
        fc.array(pattern, { maxLength: 8 }),
        fc.array(topic, { maxLength: 8 }),
        (patterns, topics) => {
          const index = new TopicIndex<number>(asFound, 3);
          for (const [at, one] of patterns.entries()) index.add(one, at);
          for (const one of topics) {
            const expected = [...patterns.keys()].filter((at) => byLevel(patterns[at] ?? '', one));
            assert.deepEqual(
              [...index.find(one)].sort((a, b) => a - b),
              expected,
              one,
            );
          }
        },
      ),
      { numRuns: runs(500) },
    );
  });
});

function byLevel(pattern: string, topic: string): boolean {
  if (/^[!$]/.test(topic) && /^[+#]/.test(pattern)) return false;
  const [wanted, found] = [pattern.split('/'), topic.split('/')];
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true;
    if (index >= found.length || (level !== '+' && level !== found[index])) return false;
  }
  return wanted.length === found.length;
}
