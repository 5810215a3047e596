/** The manifest beside a plugin: its name and version, and the schema by which its settings are checked. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { pluginFileFindings } from '../../cli/plugin/entries.js';
import { findingLine } from '../../config/findings.js';
import { manifestFile } from '../../plugin-host/module-graph.js';
import { HostRig, until } from './rig.js';
import { assemble, pluginText } from './wat.js';

const MANIFEST = {
  name: 'limits',
  version: '2.1.0',
  reads: ['rms', 'history'],
  settings: {
    type: 'object',
    properties: {
      limits: {
        type: 'array',
        items: {
          type: 'object',
          properties: { low: { type: 'number', minimum: 0 }, phase: { enum: ['a', 'b'] } },
          required: ['low'],
          additionalProperties: false,
        },
      },
      every_s: { type: 'integer', default: 5 },
    },
    additionalProperties: false,
  },
};
const WRONG = { limits: [{ low: 1 }, { low: 'x', hihg: 2 }], evry_s: 5 };
const MISTAKES = [
  'limits[1].low: expected number, found "x"',
  'limits[1].hihg: unknown setting',
  'evry_s: unknown setting; did you mean every_s?',
].map((mistake) => `${mistake} (by x.manifest.json)`);

describe('plugin-host: the manifest of a plugin', () => {
  let rig: HostRig;
  beforeEach(() => {
    rig = new HostRig();
  });
  afterEach(() => rig.stop());

  const javascript = (): string =>
    rig.file(
      'x.mjs',
      `export default { name: 'own', version: '1.0.0', processBatch() {},
        onLoad(settings, context) { context.log.info(JSON.stringify(settings)); } }`,
    );
  const wasm = (): string => rig.file('x.wasm', assemble(pluginText()));
  const withManifest = (path: string, manifest: unknown = MANIFEST): string => {
    writeFileSync(manifestFile(path), JSON.stringify(manifest));
    return path;
  };

  it('gives name and version, and defaults of settings', async () => {
    await rig.host.load([{ path: withManifest(javascript()), limits: [{ low: 3 }] }]);
    await until(() => rig.plugin('x').state === 'running');
    const { name, version } = rig.plugin('x');
    assert.deepEqual([name, version], ['limits', '2.1.0']);
    assert.ok(rig.lines.some(({ msg }) => msg === '{"limits":[{"low":3}],"every_s":5}'));
  });

  it('is refused above 1 MB, and where it is no file, by the daemon and by a check', async () => {
    const path = withManifest(javascript(), { ...MANIFEST, name: 'x'.repeat(1_000_000) });
    const problem = /x\.manifest\.json: has 1000\d\d\d bytes; a manifest may have up to 1 MB/;
    assert.match((await pluginFileFindings([{ path }])).map(findingLine).join(), problem);
    await rig.host.load([{ path }]);
    await until(() => rig.plugin('x').state === 'refused');
    assert.match(rig.plugin('x').lastError ?? '', problem);
    rmSync(manifestFile(path));
    mkdirSync(manifestFile(path));
    assert.match((await pluginFileFindings([{ path }])).map(findingLine).join(), /not a file/);
  });

  it('gives a WebAssembly plugin its version', async () => {
    await rig.host.load([{ path: withManifest(wasm()) }]);
    await until(() => rig.plugin('x').state === 'running');
    const { name, version } = rig.plugin('x');
    assert.deepEqual([name, version], ['limits', '2.1.0']);
  });

  for (const language of ['javascript', 'webassembly']) {
    it(`${language}: the daemon and \`config check\` report every mistake with its path`, async () => {
      const path = withManifest(language === 'javascript' ? javascript() : wasm());
      await rig.host.load([{ path, ...WRONG }]);
      await until(() => rig.plugin('x').state === 'refused');
      assert.equal(rig.plugin('x').lastError, MISTAKES.join('; '));
      const findings = await pluginFileFindings(['threshold', { path, ...WRONG }]);
      assert.deepEqual(
        findings.map(findingLine),
        MISTAKES.map((one) => `plugins[1].${one}`),
      );
    });
  }

  it('does not show the value of a setting that may be a secret', async () => {
    const settings = {
      type: 'object',
      properties: { login: { type: 'object', properties: { password: { type: 'number' } } } },
    };
    const path = withManifest(javascript(), { settings });
    await rig.host.load([{ path, login: { password: 'swordfish' } }]);
    await until(() => rig.plugin('x').state === 'refused');
    assert.match(
      rig.plugin('x').lastError ?? '',
      /^login\.password: expected number, found another value \(by x\.manifest\.json\)$/,
    );
  });

  it('refuses a plugin whose manifest has mistakes', async () => {
    const cases: [unknown, RegExp][] = [
      [{ version: 2 }, /^x\.manifest\.json: version: expected string, found 2$/],
      [{ reads: ['volts'] }, /^x\.manifest\.json: reads\[0\]: expected one of .*, found "volts"$/],
      [{ settigns: {} }, /^x\.manifest\.json: settigns: unknown setting; did you mean settings\?$/],
      [
        { settings: { type: 'object', properties: { a: { type: 'numbr' } } } },
        /settings: Unsupported type: numbr$/,
      ],
      [{ settings: { type: 'array' } }, /settings: expected "type": "object"$/],
      [7, /^x\.manifest\.json: expected an object$/],
    ];
    const path = javascript();
    for (const [manifest, problem] of cases) {
      withManifest(path, manifest);
      const [finding] = await pluginFileFindings([{ path }]);
      assert.match(finding?.message ?? '', problem);
    }
    writeFileSync(manifestFile(path), '{');
    await rig.host.load([{ path }]);
    await until(() => rig.plugin('x').state === 'refused');
    assert.match(rig.plugin('x').lastError ?? '', /^x\.manifest\.json: .*JSON/);
  });

  it('a changed manifest is a change of the plugin', async () => {
    const path = withManifest(javascript());
    await rig.host.load([{ path }]);
    await until(() => rig.plugin('x').state === 'running');
    withManifest(path, { ...MANIFEST, version: '2.1.0-next' });
    await rig.host.load([{ path }]);
    await until(() => rig.plugin('x').version === '2.1.0-next');
  });
});
