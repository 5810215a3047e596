import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isJournal, journalStream, withPriority } from '../../common/journal.js';
import { createLogger } from '../../common/log.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';

describe('common/journal', () => {
  const folder = mkdtempSync(join(tmpdir(), 'makai-journal-'));
  const file = join(folder, 'stderr');
  let descriptor: number;
  before(() => {
    descriptor = openSync(file, 'w+');
  });
  after(() => {
    closeSync(descriptor);
    rmSync(folder, { recursive: true });
  });

  const stream = (): string => {
    const { dev, ino } = fstatSync(descriptor);
    return `${dev}:${ino}`;
  };

  it('is there only where device and inode are those of the descriptor', () => {
    assert.ok(isJournal({ JOURNAL_STREAM: stream() }, descriptor));
    for (const other of ['', '1:2', `${stream()}0`, 'nonsense', '1'])
      assert.ok(!isJournal({ JOURNAL_STREAM: other }, descriptor), other);
    assert.ok(!isJournal({}, descriptor));
    assert.ok(!isJournal({ JOURNAL_STREAM: stream() }, 12_345), 'a closed descriptor');
  });

  it('gives each line the priority of its level', () => {
    const lines: string[] = [];
    const log = createLogger('x', 'trace', journalStream({ write: (line) => lines.push(line) }));
    for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const)
      log[level]({ level: 'of a peer' }, 'text\n<0>more');
    assert.deepEqual(
      lines.map((line) => line.slice(0, 3)),
      ['<7>', '<7>', '<6>', '<4>', '<3>', '<2>'],
    );
    for (const line of lines) {
      assert.equal(line.indexOf('\n'), line.length - 1, 'one line each');
      assert.equal((JSON.parse(line.slice(3)) as { msg: string }).msg, 'text\n<0>more');
    }
    assert.equal(withPriority('error: a\nhint: b\n', 3), '<3>error: a\n<3>hint: b\n');
  });

  /** What a process writes to stderr: one log line, and the error that ends it. */
  function run(env: NodeJS.ProcessEnv): string[] {
    const entry = (path: string): string => JSON.stringify(join(PACKAGE_ROOT, 'dist', path));
    const script = `
      const { createLogger } = await import(${entry('common/log.js')});
      const { reportError } = await import(${entry('common/report-error.js')});
      createLogger('x').warn('a warning');
      reportError(new Error('an error'));`;
    const own = openSync(file, 'w');
    const args = ['--input-type=module', '--eval', script];
    const { status } = spawnSync(process.execPath, args, {
      stdio: ['ignore', 'ignore', own],
      env: { PATH: process.env.PATH, ...env },
    });
    closeSync(own);
    assert.equal(status, 0);
    return readFileSync(file, 'utf8').trim().split('\n');
  }

  it('a process whose stderr is the journal writes priorities; any other writes none', () => {
    const [warning, error] = run({ JOURNAL_STREAM: stream() });
    assert.match(warning ?? '', /^<4>\{"level":40,.*"msg":"a warning"\}$/);
    assert.equal(error, '<3>error: an error');
    for (const env of [{}, { JOURNAL_STREAM: '1:2' }]) {
      const [plain, text] = run(env);
      assert.match(plain ?? '', /^\{"level":40,/);
      assert.equal(text, 'error: an error');
    }
  });
});
