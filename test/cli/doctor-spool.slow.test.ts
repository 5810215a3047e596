/** A daemon whose database does not answer, as a process: doctor says that it spools. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diagnose } from '../../cli/doctor/index.js';
import { prepareWorkspace } from '../../cli/up/workspace.js';
import { freePort } from '../support/free-port.js';
import { until } from '../support/until.js';
import { RunningProgram } from './run-process.js';

const SPOOLS =
  /^triggering-service: its database is unavailable; \d+ writes \(\d+ measurements\) wait in its spool/;

describe('cli/doctor: a daemon that spools', function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), 'makai-doctor-'));
  let program: RunningProgram | undefined;
  after(async () => {
    program?.child.kill('SIGKILL');
    await program?.end();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is wrong, with what to do', async () => {
    const url = `mongodb://127.0.0.1:${await freePort()}/opq?serverSelectionTimeoutMS=500`;
    const { configs } = await prepareWorkspace(folder, [], url);
    // Keys from the folder alone: those in a store that does not answer would hold up the start.
    const file = configs['triggering-service'];
    const fields = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    writeFileSync(file, JSON.stringify({ ...fields, white_list: 'directory' }), { mode: 0o600 });
    program = new RunningProgram('cli/main.js', ['triggering-service', file]);
    assert.match((await program.line()) ?? '', /"ready"/);
    let said: string[] = [];
    await until('doctor names the spool', async () => {
      const found = await diagnose(folder);
      const wrong = found.filter(({ area, verdict }) => area === 'daemons' && verdict === 'wrong');
      said = wrong.map(({ message, subject }) => `${subject}: ${message}`);
      // On a busy machine it may be said first that it does not reply in time.
      return said.some((text) => SPOOLS.test(text));
    }).catch((error: unknown) => assert.fail(`${String(error)}: ${said.join('; ')}`));
  });
});
