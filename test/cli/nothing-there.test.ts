/** Commands on what is not there: no daemon, no settings, no file. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { analyseRecording } from '../../cli/analyse-recording.js';
import { printBoxHealth } from '../../cli/box-health/print.js';
import { HEALTH_DAEMONS } from '../../cli/box-health/read.js';
import { checkWorkingFolder } from '../../cli/working-folder.js';
import { configFileIn } from '../../config/locate.js';

describe('cli: what is not there', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-nothing-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('a folder without settings is not taken for the default installation', async () => {
    assert.throws(() => checkWorkingFolder(folder), { code: 'CONFIG_UNREADABLE', hint: /makai-demo/ });
    await assert.rejects(printBoxHealth(undefined, { dir: folder }), { code: 'CONFIG_UNREADABLE' });
    checkWorkingFolder(undefined);
    writeFileSync(configFileIn(folder, 'triggering-service'), '{}');
    checkWorkingFolder(folder);
  });

  it('without a running daemon the health of boxes says so, for one box too', async () => {
    for (const kind of HEALTH_DAEMONS)
      writeFileSync(configFileIn(folder, kind), JSON.stringify({ status: '127.0.0.1:1' }));
    for (const id of [undefined, '7'])
      await assert.rejects(printBoxHealth(id, { dir: folder }), {
        code: 'TIMEOUT',
        message: 'no daemon replies, so nothing is known of the boxes',
      });
  });

  it('a recording that does not exist is named, with what to do', () => {
    const file = join(folder, 'none.csv');
    assert.throws(() => analyseRecording(file, {}), {
      code: 'RECORDING_INVALID',
      message: new RegExp(`${file}: cannot be read: ENOENT`),
      hint: 'Check the path.',
    });
  });
});
