/** Every operation against the service's own OpenAPI document. */
import assert from 'node:assert/strict';
import { OPERATIONS, type OperationName } from '../../web-service/api/operations.js';
import { Contract, type OpenApiDocument } from './document.js';
import { EXAMPLES, SLOW } from './examples.js';
import { givenWeb, jsonBody } from './given.js';

describe('web-service: the contract', function () {
  this.timeout(60_000);
  const given = givenWeb();
  let contract: Contract;

  before(async () => {
    const response = await fetch(`${given().base}/api/openapi.json`);
    contract = new Contract((await response.json()) as OpenApiDocument);
  });

  it('the document is OpenAPI 3.1 and has every operation of the list', () => {
    assert.equal(contract.document.openapi, '3.1.0');
    const ids = contract.operations.map(({ operation }) => operation.operationId);
    assert.deepEqual(ids.toSorted(), Object.keys(OPERATIONS).toSorted());
  });

  for (const [name, { body, path, status }] of Object.entries(EXAMPLES) as [
    OperationName,
    (typeof EXAMPLES)[OperationName],
  ][]) {
    if (SLOW.includes(name)) continue;
    it(`${name}: replies as the document says`, async () => {
      const { method } = OPERATIONS[name];
      const abort = new AbortController();
      const init = body === undefined ? { method } : jsonBody(method, body);
      const response = await given().api(path, { ...init, signal: abort.signal });
      if (name === 'live') {
        assert.equal(response.status, status);
        assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
        abort.abort();
        return;
      }
      assert.equal(response.status, status, await response.clone().text());
      await contract.check(name, response);
    });
  }

  for (const [name, { method, path }] of Object.entries(OPERATIONS)) {
    it(`${name}: a parameter that it does not have is refused, by its name`, async () => {
      const target = path.replaceAll(/\{\w+\}/g, '1').replace('/users/1', '/users/ada');
      const init = 'body' in OPERATIONS[name as OperationName] ? jsonBody(method, {}) : { method };
      const response = await given().api(`${target}?no_such=1`, init);
      assert.equal(response.status, 400);
      const problem = (await contract.check(name, response)) as { code: string; detail: string };
      assert.equal(problem.code, 'REQUEST_INVALID');
    });
  }

  it('what is not there is said with a code and a hint', async () => {
    for (const [name, path] of [
      ['getEvent', '/events/77'],
      ['getBox', '/boxes/77'],
      ['getIncident', '/incidents/77'],
      ['getWaveform', '/events/1/boxes/2/waveform'],
      ['exportEvent', '/events/1/export?format=original'],
      ['getReport', '/report?from=1795315200000&to=1795315300000&box=77'],
    ] as const) {
      const response = await given().api(path);
      assert.equal(response.status, 404, path);
      const { code, hint } = (await contract.check(name, response)) as { code: string; hint?: string };
      assert.equal(code, 'NOT_FOUND');
      assert.ok(hint);
    }
    const { body, status } = await given().json('/no/such/path');
    assert.equal(status, 404);
    assert.match(JSON.stringify(body), /there is no GET/);
  });

  it('a body with mistakes gets them all', async () => {
    const { body, status } = await given().json(
      '/boxes/1',
      jsonBody('PATCH', { name: '', calibration_constant: -1, colour: 'red' }),
    );
    assert.equal(status, 400);
    const { errors } = body as { errors: { path: string }[] };
    assert.deepEqual(errors.map(({ path }) => path).toSorted(), ['', 'calibration_constant', 'name']);
  });

  it('what the client has already is not sent again', async () => {
    for (const path of ['/events/1', '/events/1/boxes/1/waveform', '/incidents']) {
      const first = await given().api(path);
      const tag = first.headers.get('etag');
      await first.arrayBuffer();
      assert.ok(tag, path);
      const again = await given().api(path, { headers: { 'if-none-match': tag } });
      assert.equal(again.status, 304, path);
      assert.equal((await again.arrayBuffer()).byteLength, 0);
    }
  });

  it('names of boxes are data: neither markup nor a formula', async () => {
    const { body } = await given().json('/boxes/1');
    assert.equal((body as { name: string }).name, '=cmd|<b>roof</b>');
    const response = await given().api('/boxes/1');
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    const report = await given().api('/report?from=1795315200000&to=1795318800000&format=html');
    const page = await report.text();
    assert.ok(page.includes('&#60;b&#62;roof'), 'escaped');
    assert.ok(!page.includes('<b>roof'));
    assert.match(report.headers.get('content-security-policy') ?? '', /default-src 'none'; style-src/);
  });

  it('long replies are compressed where the client takes it', async () => {
    const response = await given().api('/boxes/1/trends', { headers: { 'accept-encoding': 'gzip' } });
    assert.equal(response.headers.get('content-encoding'), 'gzip');
    assert.ok(((await response.json()) as { items: unknown[] }).items.length > 100);
  });
});
