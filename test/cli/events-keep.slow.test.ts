/** `makai events keep | unkeep`, and what `makai audit list` says of them and of other changes. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FOREVER_SECONDS } from '../../store/documents.js';
import type { AuditDocument, EventDocument } from '../../store/store.js';
import { finding, newEvent } from '../store/contract/given.js';
import { openWritable } from '../store/writable.js';
import { makai as runMakai } from './run-process.js';

describe('cli: events keep, audit list', function () {
  this.timeout(400_000);
  let directory: string;
  const makai = async (...args: string[]) => {
    const { code, stderr, stdout } = await runMakai([...args, '--dir', directory], { SUDO_USER: 'ana' });
    return { code, stderr, stdout };
  };
  const event = async (id: string) =>
    JSON.parse((await makai('events', 'show', id, '--json')).stdout.split('\n')[0] ?? '') as EventDocument;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'makai-keep-'));
    const store = await openWritable(join(directory, 'makai.db'), {
      retention: { mode: 'ttl', measurementsSeconds: 86_400, eventsSeconds: 86_400 },
    });
    for (let id = 1; id <= 4; id += 1) await store.insertEvent(newEvent(id, Date.now() + id));
    await store.putIncident(finding(-1, '1001', Date.now()));
    await store.close();
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('keeps, and each change is in the log with who, before and after', async () => {
    const kept = await makai('events', 'keep', '2', '3');
    assert.deepEqual([kept.code, kept.stdout], [0, 'events 2, 3: kept\n'], kept.stderr);
    assert.deepEqual([(await event('2')).kept, (await event('2')).expire_at], [true, FOREVER_SECONDS]);
    assert.match((await makai('events', 'show', '2')).stdout, /kept {9}for good/);
    assert.equal((await makai('events', 'unkeep', '3')).code, 0);
    assert.equal((await event('3')).kept, undefined);
    assert.match((await makai('events', 'keep', '77')).stderr, /NOT_FOUND/);
    // Kept events go by their id only.
    const deleted = await makai('events', 'delete', '--from', '2020-01-01', '--yes', '--json');
    assert.deepEqual(JSON.parse(deleted.stdout), { events: 3, waveforms: 0, deleted: 3 }, deleted.stderr);
    assert.equal((await makai('boxes', 'add', '1001', '--calibration', '152.5')).code, 0);
    assert.equal(
      (await makai('boxes', 'set', '1001', '--calibration', '153', '--nominal-voltage', '230')).code,
      0,
    );
    assert.equal((await makai('boxes', 'set', '1001', '--calibration', '153')).code, 0);
    assert.equal((await makai('boxes', 'retire', '1001', '--remove')).code, 0);

    assert.equal((await makai('incidents', 'annotate', '1', 'a tree')).code, 0);
    assert.equal((await makai('incidents', 'annotate', '1', 'a tree')).code, 0);
    assert.match((await makai('incidents', 'annotate', '9', 'a tree')).stderr, /NOT_FOUND/);

    const { stdout } = await makai('audit', 'list', '--json');
    const entries = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as AuditDocument);
    assert.ok(entries.every(({ user }) => user === 'ana'));
    assert.deepEqual(
      entries.map(({ command, subject }) => [command, subject]),
      [
        ['events keep', 'event 2'],
        ['events keep', 'event 3'],
        ['events unkeep', 'event 3'],
        ['events delete', '3 events, 1 to 4'],
        ['boxes add', 'box 1001'],
        ['boxes set', 'box 1001'],
        ['boxes retire', 'box 1001'],
        ['incidents annotate', 'incident 1'],
      ],
    );
    const { after, before } = entries[5] ?? {};
    assert.deepEqual(before, { calibration_constant: 152.5 });
    assert.deepEqual(after, { calibration_constant: 153, nominal_voltage: 230 });
    const text = (await makai('audit', 'list', '--limit', '3')).stdout;
    assert.match(
      text,
      /ana +boxes set +box 1001 +calibration_constant 152\.5 → 153, nominal_voltage none → 230\n/,
    );
    assert.equal(text.trim().split('\n').length, 4);
  });
});
