/** docs/mqtt.asyncapi.json, checked by the parser of the AsyncAPI project itself (npm, kept in the cache folder: too heavy to be a dependency). */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { asyncApi } from '../../gateway/documents/asyncapi.js';
import { TOPICS } from '../../gateway/documents/topics.js';
import { npmPackage } from '../support/npm-package.js';

interface Diagnostic {
  /** 0: an error */
  severity: number;
  code: string | number;
  message: string;
  path: (string | number)[];
}
interface Parser {
  parse(text: string): Promise<{
    document?: {
      version(): string;
      channels(): { all(): { id(): string; address(): string | null }[] };
      operations(): { all(): { id(): string; action(): string }[] };
    };
    diagnostics: Diagnostic[];
  }>;
}

describe('gateway: the AsyncAPI document', function () {
  this.timeout(400_000);
  let parser: Parser;
  before(async function () {
    const folder = await npmPackage('@asyncapi/parser', '3.6.6');
    if (folder === undefined) return this.skip();
    const require = createRequire(join(folder, 'package.json'));
    const { Parser } = require('@asyncapi/parser') as { Parser: new () => Parser };
    parser = new Parser();
  });
  const errorsIn = (diagnostics: readonly Diagnostic[]): string[] =>
    diagnostics
      .filter(({ severity }) => severity === 0)
      .map(({ code, message, path }) => `${code} ${path.join('.')}: ${message}`);

  it('is valid, and has every topic with its direction', async () => {
    const { diagnostics, document } = await parser.parse(JSON.stringify(asyncApi()));
    assert.deepEqual(errorsIn(diagnostics), []);
    assert.equal(document?.version(), '3.0.0');
    const addresses = Object.fromEntries(
      (document?.channels().all() ?? []).map((channel) => [channel.id(), channel.address()]),
    );
    assert.deepEqual(
      addresses,
      Object.fromEntries(Object.entries(TOPICS).map(([name, { topic }]) => [name, topic])),
    );
    const actions = Object.fromEntries(
      (document?.operations().all() ?? []).map((operation) => [operation.id(), operation.action()]),
    );
    assert.deepEqual(
      actions,
      Object.fromEntries(
        Object.entries(TOPICS).map(([name, { direction }]) => [
          name,
          direction === 'out' ? 'send' : 'receive',
        ]),
      ),
    );
  });

  for (const [name, break_] of [
    [
      'an operation on a channel that is not there',
      (text: string) => text.replace('#/channels/meter', '#/channels/none'),
    ],
    ['an unknown type', (text: string) => text.replace('"type":"string"', '"type":"text"')],
    ['no title', (text: string) => text.replace(/"title":"[^"]*",/, '')],
  ] as const)
    it(`is not valid with ${name}: the check can fail`, async () => {
      const text = JSON.stringify(asyncApi());
      const broken = break_(text);
      assert.notEqual(broken, text);
      const { diagnostics } = await parser.parse(broken);
      assert.ok(errorsIn(diagnostics).length > 0);
    });
});
