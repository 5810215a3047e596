/** Any value of any parameter, and any body: a reply as the document says, and never a failure of ours. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Operation } from '../../web-service/api/operation.js';
import { OPERATIONS, type OperationName } from '../../web-service/api/operations.js';
import { runs } from '../support/property.js';
import { Contract, type OpenApiDocument } from './document.js';
import { SLOW } from './examples.js';
import { givenWeb, jsonBody } from './given.js';

/** Those that have no parameter, and those that ask somebody else or change what the others read. */
const LEFT_OUT: readonly OperationName[] = [
  ...SLOW,
  'live',
  'logOut',
  'logIn',
  'addUser',
  'changeUser',
  'acceptKey',
  'addBox',
];

const odd = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '-1',
    '1',
    '2',
    '1e3',
    'NaN',
    'null',
    '../..',
    '%00',
    "' OR 1=1 --",
    '{"$gt":""}',
    '1795315200000',
    '99999999999999999999',
    'true',
  ),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.integer().map(String),
  fc.double().map(String),
);

describe('web-service: odd requests', function () {
  this.timeout(300_000);
  const given = givenWeb();
  let contract: Contract;

  before(async () => {
    const response = await fetch(`${given().base}/api/openapi.json`);
    contract = new Contract((await response.json()) as OpenApiDocument);
  });

  for (const [name, operation] of Object.entries<Operation>(OPERATIONS)) {
    if (LEFT_OUT.includes(name as OperationName)) continue;
    const { body, method, params, path, query } = operation;
    if (params === undefined && query === undefined && body === undefined) continue;
    it(name, async () => {
      const names = Object.keys(query?.shape ?? {});
      const texts = fc.record(Object.fromEntries(names.map((field) => [field, odd])), { requiredKeys: [] });
      const inPath = fc.array(fc.oneof(fc.constant('1'), odd), { minLength: 2, maxLength: 2 });
      await fc.assert(
        fc.asyncProperty(texts, inPath, fc.jsonValue({ maxDepth: 2 }), async (values, places, json) => {
          let at = 0;
          const target = path.replaceAll(/\{\w+\}/g, () =>
            encodeURIComponent(toWellFormed(places[at++] ?? '1')),
          );
          const search = new URLSearchParams(
            Object.entries(values).map(([field, value]): [string, string] => [
              field,
              toWellFormed(value ?? ''),
            ]),
          );
          const init = body === undefined ? { method } : jsonBody(method, json);
          const response = await given().api(`${target}?${search}`, init);
          assert.ok(
            response.status < 500,
            `${response.status} at ${target}?${search}: ${await response.clone().text()}`,
          );
          if (
            response.status === 304 ||
            (response.status === 200 && !JSON.stringify(operation.reply).includes('json'))
          ) {
            await response.arrayBuffer();
            return;
          }
          // A path that leads elsewhere is another operation, or none.
          if (response.status === 404 || places.some((place) => ['', '.', '..'].includes(place))) {
            await response.arrayBuffer();
            return;
          }
          await contract.check(name, response);
        }),
        { numRuns: runs(100) },
      );
    });
  }
});

/** encodeURIComponent refuses half a surrogate pair. */
function toWellFormed(text: string): string {
  return text.replace(/[\ud800-\udfff]/g, '?');
}
