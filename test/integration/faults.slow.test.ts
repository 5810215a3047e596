/**
 * The most important faults in a short form (npm run test:faults has all of them): kill -9 of the acquisition broker and of the triggering service under load, and
 * of the broker right after an `evnew`; a backup that is restored after kill -9 of all. Then: no secret key in any log, error or process list of the run.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { codeOf } from '../../common/errors.js';
import { readSecretCertificate } from '../../keys/files.js';
import { backupsUnderLoad } from '../faults/cases/backups.js';
import { evnewKills } from '../faults/cases/durable.js';
import { brokerRestart, restarts, unitsRestart } from '../faults/cases/restarts.js';
import { Ledger, type Row } from '../faults/ledger.js';
import { BOX_IDS, FaultLine, KINDS, SPARE_IDS } from '../faults/line.js';

const EVNEW_KILLS = 3;
const RESTARTS = 3;
/** In the second one the store is gone. */
const BACKUPS = 2;

describe('faults under load', function () {
  this.timeout(400_000);

  describe('kill -9', () => {
    let line: FaultLine;
    before(async () => {
      const started = await FaultLine.start({ store: 'sqlite' });
      assert.ok(started);
      line = started;
    });
    after(() => line?.stop());

    it('of broker and service: nothing accepted is lost or stored twice', async () => {
      const ledger = new Ledger(line);
      ledger.start();
      for (const kind of ['acquisition-broker', 'triggering-service'] as const) {
        await ledger.moreEvents(4);
        await ledger.moreMeasurements(10);
        await line.daemons[kind].kill();
        await line.daemons[kind].start();
      }
      await ledger.moreEvents(4);
      await ledger.moreMeasurements(20);
      const rows = await ledger.settle({ waveforms: false });
      for (const row of rows) assertWhole(row);
      assert.deepEqual(line.deaths(), []);
    });

    it('no secret key is in a log, or in what the process list shows', async () => {
      const { keys } = line.workspace;
      const files = [
        keys.serverSecret,
        ...[...BOX_IDS, ...SPARE_IDS].map((id) => keys.boxSecret(String(id))),
      ];
      const secrets: string[] = [];
      for (const file of files) secrets.push((await readSecretCertificate(file)).secretKey.reveal());
      const shown = [line.logs(), ...processTexts(KINDS.map((kind) => line.daemons[kind].pid))];
      assert.ok(line.logs().length > 0);
      for (const kind of KINDS) shown.push(JSON.stringify(await line.details(kind)));
      for (const [at, text] of shown.entries())
        for (const secret of secrets) assert.ok(!text.includes(secret), `a secret key in text ${at}`);
    });
  });

  it('right after an evnew: the event is in the store', async () => {
    const outcome = await evnewKills('sqlite', EVNEW_KILLS);
    assert.ok(outcome);
    assert.deepEqual(outcome.wrong, []);
    for (const row of outcome.rows) assertWhole(row);
  });

  it('backup, kill -9, restore: what was accepted before is there, and no event id is given twice', async () => {
    const outcome = await backupsUnderLoad(BACKUPS);
    assert.ok(outcome);
    assert.deepEqual(outcome.wrong, []);
    for (const row of outcome.rows) assertWhole(row);
  });

  for (const restart of [brokerRestart('SIGTERM'), brokerRestart('SIGKILL'), unitsRestart])
    it(`restart of ${restart.what}: what boxes queued is stored`, async () => {
      const outcome = await restarts(restart, RESTARTS);
      assert.ok(outcome);
      assert.deepEqual(outcome.wrong, []);
      for (const row of outcome.rows) assertWhole(row);
    });
});

function assertWhole({ accepted, doubled, kind, lost, missing, repeated }: Row): void {
  assert.ok(accepted > 0, `no ${kind} were accepted`);
  assert.equal(lost, 0, `${lost} ${kind} lost: ${missing}`);
  assert.equal(doubled, 0, `${doubled} ${kind} doubled: ${repeated}`);
}

/** Command line and environment of each process and its threads' names, as `ps` would show them. */
function processTexts(pids: readonly (number | undefined)[]): string[] {
  return pids.flatMap((pid) => {
    const tasks = readdirSync(`/proc/${pid}/task`).map((task) => `/proc/${pid}/task/${task}/comm`);
    return [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`]
      .map((file) => readFileSync(file, 'latin1'))
      .concat(tasks.flatMap(nameOf));
  });
}

/** A thread may have ended since it was listed. */
function nameOf(file: string): string[] {
  try {
    return [readFileSync(file, 'latin1')];
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') return [];
    throw error;
  }
}
