/** The seed's examples as golden cases, message by message. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { rig } from './rig.js';

const CASES = join(PACKAGE_ROOT, 'test/rules/cases');

interface Expected {
  after: number;
  topic: string;
  payload?: string;
  json?: unknown;
}

const read = (name: string, file: string): unknown =>
  JSON.parse(readFileSync(join(CASES, name, file), 'utf8'));

describe('rules: the examples of the seed', () => {
  const names = readdirSync(CASES).filter((name) => !name.endsWith('.md'));

  it('are three', () => assert.equal(names.length, 3));

  for (const name of names) {
    it(name, () => {
      const { engine, published } = rig(read(name, 'rules.json'));
      const found: Expected[] = [];
      const expected = read(name, 'expected.json') as Expected[];
      const messages = read(name, 'messages.json') as [string, string][];
      for (const [index, [topic, payload]] of messages.entries()) {
        engine.take(topic, payload);
        for (const made of published.splice(0)) {
          const isJson = expected[found.length]?.json !== undefined;
          const after = index + 1;
          found.push(
            isJson
              ? { after, topic: made.topic, json: JSON.parse(made.payload) }
              : { after, topic: made.topic, payload: made.payload },
          );
        }
      }
      assert.deepEqual(found, expected);
      assert.equal(engine.counts.dropped, 0);
    });
  }
});
