import assert from 'node:assert/strict';
import fc from 'fast-check';
import { encodeSettings } from '../../plugin-host/wasm-settings.js';
import { ABI_SETTING_KINDS, SETTING_RECORD } from '../../plugins/sdk/abi.js';

interface Flat {
  path: string;
  kind: number;
  value: number;
  text: string;
}

/** Reads the records by the offsets of docs/plugin-abi.md. */
function decode(bytes: Uint8Array): Flat[] {
  const view = new DataView(bytes.buffer);
  const text = (at: number, length: number): string =>
    new TextDecoder().decode(bytes.subarray(at, at + length));
  const found: Flat[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [length, textBytes] = [view.getUint32(at + 8, true), view.getUint32(at + 12, true)];
    const pathBytes = view.getUint16(at + 16, true);
    assert.equal(length % 8, 0);
    const path = text(at + 24, pathBytes);
    const value = view.getFloat64(at, true);
    found.push({ path, kind: view.getUint8(at + 18), value, text: text(at + 24 + pathBytes, textBytes) });
    at += length;
  }
  return found;
}

/** Builds the settings again from the flat records. */
function rebuild(flat: readonly Flat[]): unknown {
  const root: Record<string, unknown> = {};
  const containers = new Map<string, Record<string, unknown> | unknown[]>([['', root]]);
  for (const { path, kind, value, text } of flat) {
    const dot = path.lastIndexOf('.');
    const parent = containers.get(dot < 0 ? '' : path.slice(0, dot));
    const own = ((): unknown => {
      if (kind === ABI_SETTING_KINDS.NUMBER) return value;
      if (kind === ABI_SETTING_KINDS.FLAG) return value === 1;
      if (kind === ABI_SETTING_KINDS.TEXT) return text;
      if (kind === ABI_SETTING_KINDS.NULL) return null;
      const container = kind === ABI_SETTING_KINDS.LIST ? [] : {};
      containers.set(path, container);
      return container;
    })();
    assert.ok(parent !== undefined, `${path} comes after what it is in`);
    Object.defineProperty(parent, path.slice(dot + 1), {
      value: own,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return root;
}

describe('plugin-host/wasm-settings', () => {
  it('lays a setting out as documented', () => {
    assert.equal(SETTING_RECORD.bytes, 24);
    assert.deepEqual(decode(encodeSettings({ limits: [{ low: 1.5 }], name: 'ä', on: false, no: null })), [
      { path: 'limits', kind: 4, value: 1, text: '' },
      { path: 'limits.0', kind: 5, value: 1, text: '' },
      { path: 'limits.0.low', kind: 1, value: 1.5, text: '' },
      { path: 'name', kind: 3, value: 0, text: 'ä' },
      { path: 'on', kind: 2, value: 0, text: '' },
      { path: 'no', kind: 6, value: 0, text: '' },
    ]);
    assert.equal(encodeSettings({}).length, 0);
  });

  it('carries any settings that JSON can hold', () => {
    const name = fc
      .string({ minLength: 1, maxLength: 8, unit: 'grapheme' })
      .filter((one) => !one.includes('.'));
    const { settings } = fc.letrec((tie) => ({
      settings: fc.dictionary(name, tie('value'), { maxKeys: 4 }),
      value: fc.oneof(
        { depthSize: 'small' },
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.string(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        tie('settings'),
      ),
    }));
    fc.assert(
      fc.property(settings, (one) => {
        const given = JSON.parse(JSON.stringify(one)) as Record<string, unknown>;
        assert.deepEqual(rebuild(decode(encodeSettings(given))), given);
      }),
      { numRuns: 300 },
    );
  });

  it('refuses what a path cannot say', () => {
    assert.throws(() => encodeSettings({ 'a.b': 1 }), /"a\.b": a name for a WebAssembly plugin has no dot/);
    assert.throws(() => encodeSettings({ a: { '': 1 } }), /"a\.": a name/);
    let nested: unknown = 1;
    for (let i = 0; i < 20; i++) nested = [nested];
    assert.throws(() => encodeSettings({ deep: nested }), /nested more than 16 deep/);
    assert.throws(
      () => encodeSettings({ many: Array.from({ length: 10_001 }, () => 1) }),
      /more than 10000 settings/,
    );
  });
});
