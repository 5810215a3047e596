import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { ABI_RECORDS, ABI_TYPE_BYTES, BATCH_MEASUREMENTS } from '../../plugins/sdk/abi.js';
import { readEventRequestRecord, writeMeasurementRecords } from '../../plugins/sdk/abi-records.js';
import { generatedFiles } from '../../plugins/sdk/generate/files.js';
import { createColumns, METRICS } from '../../proto/columns.js';
import { MAX_BATCH } from '../../stream/ring.js';
import { rustcForWasm, skipFor } from '../support/compilers.js';

function has(program: string): boolean {
  return spawnSync(program, ['--version']).status === 0;
}

describe('plugins/sdk: ABI v2', () => {
  it('has every field at its natural alignment, one after the other without a gap', () => {
    for (const record of ABI_RECORDS) {
      let at = 0;
      for (const field of record.fields) {
        const bytes = ABI_TYPE_BYTES[field.type];
        assert.equal(field.offset, at, `${record.name}.${field.name}`);
        assert.equal(field.offset % bytes, 0, `${record.name}.${field.name}`);
        at += bytes;
      }
      assert.equal(record.bytes, at);
      assert.equal(record.bytes % 8, 0);
    }
    assert.equal(BATCH_MEASUREMENTS, MAX_BATCH);
  });

  for (const [path, text] of Object.entries(generatedFiles())) {
    it(`${path} is what \`npm run abi\` makes`, () => {
      assert.equal(readFileSync(join(PACKAGE_ROOT, path), 'utf8'), text);
    });
  }

  it('writes each column where the layout says', () => {
    const columns = createColumns(2);
    columns.count = 2;
    for (let i = 0; i < 2; i++) {
      columns.timestampMs[i] = 1_700_000_000_123 + i;
      columns.boxId[i] = 1001 + i;
      columns.invalid[i] = 5 + i;
      columns.dialect[i] = 3;
      METRICS.forEach((metric, m) => {
        columns[metric].min[i] = 100 * i + 10 * m + 1;
        columns[metric].average[i] = 100 * i + 10 * m + 2;
        columns[metric].max[i] = Number.NaN;
      });
    }
    const view = new DataView(new ArrayBuffer(3 * 64).slice(0));
    writeMeasurementRecords(view, 64, columns, 2);
    assert.equal(view.getFloat64(128, true), 1_700_000_000_124);
    assert.deepEqual([view.getUint32(136, true), view.getUint8(140), view.getUint8(141)], [1002, 6, 3]);
    assert.deepEqual([view.getFloat32(144, true), view.getFloat32(148, true)], [101, 102]);
    assert.ok(Number.isNaN(view.getFloat32(152, true)));
    assert.equal(view.getFloat32(180, true), 131, 'trans.min, the tenth of twelve');
    assert.equal(view.getFloat64(0, true), 0, 'nothing before its place');
  });

  it('reads an event request', () => {
    const view = new DataView(new ArrayBuffer(56));
    view.setFloat64(8, 1000, true);
    view.setFloat64(16, 2000, true);
    view.setFloat64(24, 12.5, true);
    [64, 2, 128, 11].forEach((value, i) => {
      view.setUint32(32 + 4 * i, value, true);
    });
    view.setUint8(48, 3);
    view.setUint8(49, 1);
    view.setUint8(50, 1);
    assert.deepEqual(readEventRequestRecord(view, 8), {
      startMs: 1000,
      endMs: 2000,
      percentMagnitude: 12.5,
      boxIds: 64,
      boxCount: 2,
      description: 128,
      descriptionBytes: 11,
      triggerType: 3,
      requestData: 1,
      urgent: 1,
      familyMs: 0,
    });
  });

  it('has the same layout in C and C++', function () {
    if (!has('gcc') || !has('g++')) this.skip();
    const header = join(PACKAGE_ROOT, 'plugins/sdk/c/makai_abi.h');
    for (const language of ['c', 'c++']) {
      execFileSync(language === 'c' ? 'gcc' : 'g++', [
        '-fsyntax-only',
        '-Wall',
        '-Werror',
        '-Wno-attributes',
        '-x',
        language,
        header,
      ]);
    }
  });

  it('has the same layout in Rust', function () {
    const rustc = rustcForWasm() ?? skipFor(this, 'rustc for wasm32');
    const folder = mkdtempSync(join(tmpdir(), 'makai-abi-'));
    try {
      const source = join(PACKAGE_ROOT, 'plugins/sdk/rust/src/abi.rs');
      execFileSync(rustc, [
        '--target=wasm32-unknown-unknown',
        '--crate-type=lib',
        '--emit=metadata',
        '--out-dir',
        folder,
        '-D',
        'warnings',
        source,
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('has the same layout in AssemblyScript', async function () {
    this.timeout(400_000);
    const asc = (await import('assemblyscript/asc')).default;
    const checks = ABI_RECORDS.flatMap((record) => [
      `assert(offsetof<abi.${record.name}>() == ${record.bytes});`,
      ...record.fields.map((f) => `assert(offsetof<abi.${record.name}>("${f.name}") == ${f.offset});`),
    ]);
    const abi = readFileSync(join(PACKAGE_ROOT, 'plugins/sdk/assemblyscript/assembly/abi.ts'), 'utf8');
    const sources: Record<string, string> = {
      'test.ts': `import * as abi from './abi';\nexport function check(): void {\n${checks.join('\n')}\n}`,
      'abi.ts': abi,
    };
    const written = new Map<string, Uint8Array | string>();
    const { error, stderr } = await asc.main(['test.ts', '-o', 'test.wasm', '--runtime', 'stub'], {
      readFile: (name: string) => sources[name] ?? null,
      writeFile: (name: string, content: Uint8Array | string) => void written.set(name, content),
      listFiles: () => [],
    });
    assert.equal(error, null, String(stderr));
    const module = new WebAssembly.Module(Uint8Array.from(written.get('test.wasm') as Uint8Array));
    const abort = () => assert.fail('a field of an AssemblyScript class is elsewhere');
    const check = new WebAssembly.Instance(module, { env: { abort } }).exports.check as () => void;
    check();
  });
});
