/** Runs the commands of docs/plugin-tutorial.md unchanged, as a newcomer would, and compares their output with the page. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '../../common/errors.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { makaiOnPath } from '../support/makai-on-path.js';

interface Block {
  commands: string;
  /** the page's next block of text, when it comes before the next commands */
  prints: string | undefined;
}

/** Blocks of commands, each with what the page says that it prints. */
function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  for (const [, kind, text = ''] of page.matchAll(/^```(sh|text)\n(.*?)^```$/gms)) {
    const last = blocks.at(-1);
    if (kind === 'sh') blocks.push({ commands: text, prints: undefined });
    else if (last) last.prints = text;
  }
  return blocks;
}

const MARK = '--- end of block';

/** The shell leads a process group of its own, with the daemons that the page starts: none is left when a command fails. */
function endGroup(shell: ChildProcess | undefined): void {
  if (shell?.pid === undefined) return;
  try {
    process.kill(-shell.pid, 'SIGKILL');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

describe('docs/plugin-tutorial.md', function () {
  this.timeout(600_000);
  const path = makaiOnPath();
  const folder = mkdtempSync(join(tmpdir(), 'makai-tutorial-'));
  // From npm's cache where it can: what the package's own installation has brought is there.
  const env = {
    ...path.env,
    npm_config_prefer_offline: 'true',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
  };
  let shell: ChildProcess | undefined;
  after(() => {
    endGroup(shell);
    rmSync(path.folder, { recursive: true });
    rmSync(folder, { recursive: true, force: true });
  });

  it('works as it is written', async function () {
    const typescript = spawnSync('npm', ['view', 'typescript', 'version'], { env, encoding: 'utf8' });
    if (typescript.status !== 0) {
      process.stderr.write('skipped: npm finds no registry to install TypeScript from\n');
      this.skip();
    }
    const blocks = blocksOf(readFileSync(join(PACKAGE_ROOT, 'docs/plugin-tutorial.md'), 'utf8'));
    const script = blocks.map(({ commands }) => `${commands}echo "${MARK}"\n`).join('');
    shell = spawn('bash', ['-eu', '-o', 'pipefail', '-c', script], { cwd: folder, env, detached: true });
    let stdout = '';
    let stderr = '';
    shell.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    shell.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const closed = once(shell, 'close');
    const [code] = await once(shell, 'exit');
    endGroup(shell);
    await closed;
    assert.equal(code, 0, `${stdout}\n${stderr}`);
    const printed = stdout.split(`${MARK}\n`);
    assert.equal(printed.length, blocks.length + 1);
    for (const [i, { prints }] of blocks.entries()) {
      if (prints !== undefined)
        assert.ok(printed[i]?.endsWith(prints), `the page says\n${prints}\nit is\n${printed[i]}`);
    }
    assert.ok(blocks.filter(({ prints }) => prints !== undefined).length >= 2);
    assert.match(stdout, /sags +sags +0\.1\.0 +javascript +running/);
    assert.match(stdout, /VOLTAGE_SAG .*sags: sag on box 100[12]/);
  });
});
