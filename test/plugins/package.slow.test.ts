/** The SDK as a package: packed, installed outside the repository, a plugin in TypeScript compiled against it and run. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { attempt, type CommandResult } from '../support/command.js';

const PLUGIN = `import { type Plugin, type PluginContext, type PluginMeasurement, type PluginValue, Settings } from 'opq-makai/plugin';

export default class Depth implements Plugin {
  readonly name = 'depth';
  #limitV = 0;

  onLoad(values: Record<string, unknown>, context: PluginContext): void {
    const settings = new Settings(values);
    this.#limitV = settings.number('limit_v', 110, { min: 0, max: 1000 });
    settings.close();
    context.log.info(\`limit \${this.#limitV} V\`);
  }

  processMeasurement({ boxId, rms, timestampMs }: PluginMeasurement): PluginValue | undefined {
    if (!(rms.min < this.#limitV)) return undefined;
    return { kind: 'value', series: 'depth', boxId, timestampMs, value: this.#limitV - rms.min };
  }
}
`;
const CONFIG = {
  compilerOptions: {
    ...{ target: 'es2023', lib: ['es2023'], module: 'nodenext', types: [], rootDir: '.', outDir: 'build' },
    // The declarations of the package are checked too: they must stand alone.
    ...{
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
    },
  },
  files: ['depth.ts'],
};

describe('the SDK as a package', function () {
  this.timeout(600_000);
  let folder: string;
  let project: string;
  before(async function () {
    folder = mkdtempSync(join(tmpdir(), 'makai-package-'));
    project = join(folder, 'project');
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }');
    const pack = await attempt(['npm', 'pack', '--ignore-scripts', '--pack-destination', folder], {
      cwd: PACKAGE_ROOT,
    });
    assert.equal(pack.code, 0, pack.stderr);
    const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
    const install = ['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
    const installed = await attempt([...install, join(folder, tarball)], { cwd: project });
    if (installed.code !== 0) {
      // Its dependencies are in no cache and no registry is there. Anything else is a fault of the package.
      assert.match(installed.stderr, /ENOTCACHED|ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|network/);
      process.stderr.write(
        "skipped: npm finds the package's dependencies neither in its cache nor in a registry\n",
      );
      this.skip();
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  async function compiled(source: string): Promise<CommandResult> {
    writeFileSync(join(project, 'depth.ts'), source);
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(CONFIG));
    return attempt([join(PACKAGE_ROOT, 'node_modules/.bin/tsc'), '-p', '.'], { cwd: project });
  }

  it('a plugin compiles against its types and runs', async () => {
    const built = await compiled(PLUGIN);
    assert.equal(built.code, 0, built.stdout);
    // The program of this build: without scripts, the native modules of the installed one are not built.
    const makai = [process.execPath, join(PACKAGE_ROOT, 'dist/cli/main.js')];
    const run = ['plugin', 'run', join(project, 'build/depth.js'), '--replay', 'checkup'];
    const { code, stderr, stdout } = await attempt([...makai, ...run], { cwd: project });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /info: limit 110 V/);
    assert.match(stdout, /SERIES +BOX +VALUES/);
    const refused = await attempt([...makai, ...run, '--settings', '{"limit": 3}'], { cwd: project });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /limit: no such setting/);
  });

  it('the types refuse what the host would refuse', async () => {
    const wrong = await compiled(PLUGIN.replace("kind: 'value'", "kind: 'valeu'"));
    assert.notEqual(wrong.code, 0);
    assert.match(wrong.stdout, /depth\.ts.*valeu/);
  });

  it('nothing but what exports names can be imported', async () => {
    const inner = ['--input-type=module', '-e', "await import('opq-makai/dist/plugins/sdk/settings.js')"];
    const { code, stderr } = await attempt([process.execPath, ...inner], { cwd: project });
    assert.notEqual(code, 0);
    assert.match(stderr, /ERR_PACKAGE_PATH_NOT_EXPORTED/);
  });
});
