/** `makai events delete`: what is chosen and nothing else goes, and nothing without consent. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../../store/store.js';
import { all, boxEvent, counts, finding, newEvent } from '../store/contract/given.js';
import { openWritable, type Writable } from '../store/writable.js';
import { makai as runMakai } from './run-process.js';

describe('cli: events delete', function () {
  this.timeout(400_000);
  let directory: string;
  let store: Writable<Store>;
  const t = Date.UTC(2026, 4, 28, 12);
  const makai = (...args: string[]) => runMakai(['events', 'delete', ...args, '--dir', directory]);
  const ids = async () => (await all(store.events())).map(({ event_id: id }) => id);

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'makai-delete-'));
    store = await openWritable(join(directory, 'makai.db'), {
      retention: { mode: 'ttl', measurementsSeconds: 86_400 },
      now: () => t,
    });
    for (let id = 1; id <= 6; id += 1) {
      const isWild = id % 2 === 0;
      await store.insertEvent(
        newEvent(id, t + 1000 * id, {
          type: isWild ? 'OTHER' : 'VOLTAGE_SAG',
          description: isWild ? 'wild: again' : 'wilder: sag',
        }),
      );
      await store.putBoxEvent(boxEvent(id, '1001', t), counts(400, id), t + 20);
    }
    await store.putBoxEvent(boxEvent(2, '1002', t), counts(400, 9), t + 30);
  });
  afterEach(async () => {
    await store.close();
    rmSync(directory, { recursive: true });
  });

  it('by id: the event and its waveforms go, its incidents and all other events stay', async () => {
    await store.putAnalysis(2, '1001', [finding(2, '1001', t)]);
    const names = (await store.boxEvents(2)).map(({ data_fs_filename: name }) => name);
    const kept = (await store.boxEvents(1)).map(({ data_fs_filename: name }) => name);
    const { code, stdout } = await makai('2', '--yes');
    assert.deepEqual([code, stdout], [0, 'deleted 1 events with 2 waveforms\n']);
    assert.deepEqual(await ids(), [1, 3, 4, 5, 6]);
    assert.deepEqual(await store.boxEvents(2), []);
    assert.equal(names.length, 2);
    for (const name of names) assert.equal(await store.waveform(name), undefined);
    for (const name of kept) assert.ok((await store.waveform(name))?.length, name);
    assert.equal((await all(store.incidents())).length, 1);
  });

  it('by range, type and plugin, all of which must match', async () => {
    const plugin = await makai('--plugin', 'wild', '--yes', '--to', String(t + 5000), '--json');
    assert.deepEqual(JSON.parse(plugin.stdout), { events: 2, waveforms: 3, deleted: 2 });
    assert.deepEqual(await ids(), [1, 3, 5, 6]);
    await makai('--type', 'VOLTAGE_SAG', '--from', new Date(t + 3000).toISOString(), '--yes');
    assert.deepEqual(await ids(), [1, 6]);
    const none = await makai('--type', 'VOLTAGE_SAG', '--plugin', 'wild', '--yes');
    assert.deepEqual([none.code, none.stdout], [0, 'no event matches\n']);
    assert.deepEqual(await ids(), [1, 6]);
  });

  it('deletes nothing in a dry run, or without --yes where nobody can be asked', async () => {
    const dry = await makai('--type', 'OTHER', '--dry-run');
    assert.deepEqual([dry.code, dry.stdout], [0, 'would delete 3 events with 4 waveforms\n']);
    const both = await makai('--type', 'OTHER', '--dry-run', '--yes');
    assert.equal(both.stdout, dry.stdout);
    const unasked = await makai('--plugin', 'wild');
    assert.equal(unasked.code, 2);
    assert.match(unasked.stderr, /would delete 3 events with 4 waveforms, event 2 .* to event 6 .*--yes/);
    assert.deepEqual(await ids(), [1, 2, 3, 4, 5, 6]);
  });

  it('refuses no choice, two kinds of choice, and values that are none', async () => {
    for (const args of [[], ['1', '--type', 'OTHER'], ['one'], ['--from', 'soon'], ['-1']]) {
      const { code, stderr } = await makai(...args, '--yes');
      assert.equal(code, 2, `${args.join(' ')}: ${stderr}`);
    }
    assert.equal((await makai('1', '99', '--yes')).code, 3);
    assert.deepEqual(await ids(), [1, 2, 3, 4, 5, 6]);
  });

  it('deletes more events than go in one call', async () => {
    for (let id = 7; id <= 250; id += 1) await store.insertEvent(newEvent(id, t + 1000 * id));
    const { stdout } = await makai('--from', '2026-01-01', '--yes');
    assert.equal(stdout, 'deleted 250 events with 7 waveforms\n');
    assert.deepEqual(await ids(), []);
  });
});
