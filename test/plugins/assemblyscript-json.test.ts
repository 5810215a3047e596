/** The JSON and settings of the AssemblyScript library, held to JSON.parse. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compile } from './compile.js';
import { damaged } from './damaged-json.js';

interface Probe {
  memory: WebAssembly.Memory;
  allocate(bytes: number): number;
  release(at: number): void;
  parse(at: number, bytes: number): number;
  read(at: number, bytes: number): number;
  result(): number;
}

describe('plugins/sdk/assemblyscript: JSON', () => {
  let probe: Probe;
  before(async function () {
    this.timeout(60_000);
    const module = new WebAssembly.Module(await compile('test/plugins/assembly/json-probe.ts'));
    const makai = { log: () => undefined, now_ms: () => 0 };
    probe = new WebAssembly.Instance(module, { makai }).exports as unknown as Probe;
  });

  function call(name: 'parse' | 'read', text: string | Uint8Array): string {
    const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
    const at = probe.allocate(bytes.length);
    new Uint8Array(probe.memory.buffer).set(bytes, at);
    const length = probe[name](at, bytes.length);
    const result = new TextDecoder().decode(new Uint8Array(probe.memory.buffer, probe.result(), length));
    probe.release(at);
    return result;
  }

  const bits = (value: number) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value);
    return view.getBigUint64(0).toString(16);
  };
  const units = (text: string) =>
    `"${Array.from({ length: text.length }, (_, i) => text.charCodeAt(i).toString(16)).join('.')}"`;
  function canonical(value: unknown): string {
    if (typeof value === 'number') return bits(value);
    if (typeof value === 'string') return units(value);
    if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
    if (typeof value !== 'object' || value === null) return String(value);
    const members = Object.entries(value).map(([key, one]) => `${units(key)}:${canonical(one)}`);
    return `{${members.sort().join(',')}}`;
  }

  function likeJavaScript(text: string): void {
    let expected: string | undefined;
    try {
      expected = canonical(JSON.parse(text));
    } catch {
      expected = undefined;
    }
    const found = call('parse', text);
    if (expected === undefined) assert.match(found, /^not JSON at \d+$/, text);
    else assert.equal(found, expected, text);
  }

  const json = fc.json({ maxDepth: 6, stringUnit: 'grapheme' });

  it('reads what JSON.parse reads', () => {
    fc.assert(fc.property(json, likeJavaScript), { numRuns: 2000 });
  });

  it('reads every number to the same bits', () => {
    const decimal = fc
      .tuple(
        fc.constantFrom('', '-'),
        fc.stringMatching(/^(0|[1-9]\d{0,30})$/),
        fc.stringMatching(/^(\.\d{1,30})?$/),
        fc.stringMatching(/^([eE][+-]?\d{1,3})?$/),
      )
      .map((parts) => parts.join(''));
    const exact = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => JSON.stringify(x));
    fc.assert(fc.property(fc.oneof(decimal, exact), likeJavaScript), { numRuns: 20_000 });
  });

  it('rounds at a tie, near a tie, and at the ends of the range as JavaScript does', () => {
    for (const text of [
      '9007199254740993',
      '9007199254740993.0000000000000000000000000001',
      '9007199254740995',
      '4.9e-324',
      '2.4703282292062327e-324',
      '2.4703282292062328e-324',
      '2.2250738585072011e-308',
      '2.2250738585072014e-308',
      '1.7976931348623157e308',
      '1.7976931348623158e308',
      '1.7976931348623159e308',
      '1e309',
      '-1e400',
      '1e-400',
      '0e999999999999',
      '1e999999999999999999999',
      '1e-999999999999999999999',
      '-0',
      '0.0000000000000000000000000000000000000001',
      `${'9'.repeat(2000)}e-2000`,
      `0.${'0'.repeat(900)}1e901`,
      `1${'0'.repeat(900)}1e-901`,
      `9007199254740993${'0'.repeat(900)}1e-901`,
      `9007199254740993${'0'.repeat(900)}e-900`,
    ]) {
      likeJavaScript(text);
      likeJavaScript(`-${text.replace(/^-/, '')}`);
    }
  });

  it('refuses what JSON.parse refuses: text with a few characters changed', () => {
    fc.assert(
      fc.property(damaged(json, { minLength: 1, maxLength: 4 }, ['\n', 'é', '😀']), (changed) => {
        likeJavaScript(Buffer.from(changed).toString()); // no half surrogate pairs: a host's text is UTF-8
      }),
      { numRuns: 5000 },
    );
  });

  it('returns for any bytes, also those that are no UTF-8, and frees what it took', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        call('parse', bytes);
        call('read', bytes);
      }),
      { numRuns: 3000 },
    );
    const before = probe.memory.buffer.byteLength;
    for (let i = 0; i < 500; i++) call('parse', `[${'{"a":"text","b":[1,2,3]},'.repeat(200)}0]`);
    assert.ok(probe.memory.buffer.byteLength <= Math.max(before, 2 ** 21));
  });

  it('refuses lists and objects in more than 64 others, however many, and numbers and texts of a megabyte are read', () => {
    likeJavaScript(`${'['.repeat(64)}${']'.repeat(64)}`);
    assert.match(call('parse', `${'['.repeat(65)}${']'.repeat(65)}`), /not JSON at 64/);
    assert.match(call('parse', '['.repeat(1_000_000)), /not JSON at 64/);
    assert.match(call('parse', '{"a":'.repeat(1_000_000)), /not JSON/);
    likeJavaScript('7'.repeat(1_000_000));
    likeJavaScript(`"${'\\u0041'.repeat(100_000)}"`);
  });

  it('tells every mistake in settings', () => {
    const half = bits(0.5);
    assert.equal(call('read', '{}'), `${half}, 0, true, nobody, ; `);
    assert.equal(
      call('read', '{"share":1,"whole":-3,"flag":false,"name":"né","boxes":[1,4294967295]}'),
      `${bits(1)}, ${bits(-3)}, false, né, 1 4294967295; `,
    );
    assert.equal(
      call('read', '{"share":0,"whole":1.5,"flag":0,"name":null,"boxes":[1,-1,"2"],"colour":1}'),
      `${half}, 0, true, nobody, 1; share: must be more than 0; whole: must be a whole number; flag: must be true or false; ` +
        'name: must be text; boxes: must be a list of box ids; colour: no such setting',
    );
    assert.match(
      call('read', '{"share":1e999,"whole":6}'),
      /share: must be finite; whole: must be 5 or less$/,
    );
    assert.match(call('read', '{"share":1'), /; settings: not JSON, at character 10$/);
    assert.match(call('read', '[1]'), /; settings: must be an object$/);
  });
});
