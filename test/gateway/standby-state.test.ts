/** What the active gateway leaves to its successor: rows of its files as they change, and the log that they are written to. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messagesOf, StateReader, type StateRecord } from '../../gateway/standby/records.js';
import { type Change, ChangedRows } from '../../gateway/standby/rows.js';
import type { Shared } from '../../gateway/state/shared.js';
import { openState, type State } from '../../gateway/state/state.js';

describe('gateway: state for a successor', () => {
  let folder: string;
  const open: State[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-standby-state-'));
  });
  afterEach(() => {
    for (const state of open.splice(0)) state.close();
    rmSync(folder, { recursive: true });
  });

  function given(name: string, restored?: readonly Change[]): { state: State; rows: ChangedRows } {
    const parts: ChangedRows[] = [];
    const shared: Shared = {
      attach: (file, db) => {
        parts.push(new ChangedRows(file, db, restored));
        return () => undefined;
      },
      flushed: () => Promise.resolve(),
      mayAct: () => true,
    };
    const state = openState(join(folder, name), 1_000_000, shared);
    open.push(state);
    const [rows] = parts;
    assert.ok(rows);
    return { state, rows };
  }
  const reader = (...records: StateRecord[]): StateReader => {
    const one = new StateReader();
    for (const record of records) for (const message of messagesOf(record)) one.take(message);
    return one;
  };

  it('is as it was, whatever was added, changed, removed and rolled back', () => {
    const { rows, state } = given('a');
    state.outbox.put([{ topic: 'makai/x', payload: '{"ä":1}', retain: false }], 5);
    state.outbox.put([{ topic: 'makai/y', payload: '2', retain: true }], 6.5);
    const first = rows.take();
    assert.equal(first.length, 2);
    const [head] = state.outbox.oldest(1);
    assert.ok(head);
    state.outbox.toEnd(head);
    state.positions.put('event', { highest: 3, missing: [[1, 2]] });
    state.positions.put('event', { highest: 4, missing: [] });
    state.watched.put('incident', { id: 7, hash: 'h', since_ms: 1 }, 2);
    state.watched.put('event', { id: 8, hash: 'h', since_ms: 1 }, 2);
    state.watched.remove('event', 8);
    assert.throws(() =>
      state.together(() => {
        state.positions.put('event', { highest: 99 });
        throw new Error('no');
      }),
    );
    const second = rows.take();
    const keys = second.map(({ key, table }) => `${table} ${key}`);
    assert.equal(new Set(keys).size, keys.length, 'of each row the last change');
    assert.deepEqual(rows.take(), []);
    const log = reader({ kind: 'changes', changes: first }, { kind: 'changes', changes: second });
    const next = given('b', log.files.get('outbox'));
    assert.deepEqual(next.state.outbox.oldest(9), state.outbox.oldest(9));
    assert.deepEqual(next.state.outbox.status(), state.outbox.status());
    assert.deepEqual(next.state.positions.get('event'), { highest: 4, missing: [] });
    assert.equal(next.state.watched.get('incident', 7)?.hash, 'h');
    assert.equal(next.state.watched.get('event', 8), undefined);
    assert.deepEqual([...next.rows.all()], [...rows.all()]);
    assert.deepEqual(next.rows.take(), [], 'what was restored is no change');
  });

  it('what was in a file before is replaced, also by nothing', () => {
    const { state } = given('a');
    state.positions.put('event', 1);
    state.close();
    open.pop();
    assert.deepEqual([...given('a', []).rows.all()], []);
  });

  it('an empty log says nothing; a copy counts when it is whole', () => {
    const change = (key: string, row?: object): Change => ({
      ...{ file: 'outbox', table: 'positions', key },
      ...(row === undefined ? {} : { row: { ...row } }),
    });
    assert.equal(reader({ kind: 'begin', name: 'a' }).files.size, 0);
    const before: StateRecord[] = [
      { kind: 'changes', changes: [change('a', { v: 1 }), change('b', { v: 1 })] },
    ];
    const copied: StateRecord[] = [{ kind: 'copy' }, { kind: 'changes', changes: [change('b', { v: 2 })] }];
    const keys = (...records: StateRecord[]) =>
      reader(...records)
        .files.get('outbox')
        ?.map(({ key }) => key);
    assert.deepEqual(keys(...before, ...copied), ['a', 'b']);
    assert.deepEqual(keys(...before, ...copied, { kind: 'copied' }), ['b']);
    assert.deepEqual(keys(...before, ...copied, { kind: 'begin', name: 'b' }, { kind: 'copied' }), [
      'a',
      'b',
    ]);
    assert.deepEqual(keys(...before, { kind: 'changes', changes: [change('a')] }), ['b']);
  });

  it('a file is known when it is whole, also an empty one; a copy says again which are', () => {
    const changes: StateRecord = {
      kind: 'changes',
      changes: [{ file: 'a', table: 't', key: '1', row: { v: 1 } }],
    };
    const known = (...records: StateRecord[]): string[] => [...reader(...records).known];
    assert.deepEqual(known(changes), []);
    const before: StateRecord[] = [changes, { kind: 'file', file: 'a' }, { kind: 'file', file: 'b' }];
    assert.deepEqual(known(...before), ['a', 'b']);
    const copied: StateRecord[] = [{ kind: 'copy' }, changes, { kind: 'file', file: 'a' }];
    assert.deepEqual(known(...before, ...copied), ['a', 'b']);
    assert.deepEqual(known(...before, ...copied, { kind: 'copied' }), ['a']);
    assert.deepEqual(known(...before, ...copied, { kind: 'begin', name: 'b' }), ['a', 'b']);
  });

  it('says what makes of other rows what it holds', () => {
    const { rows, state } = given('a');
    for (const name of ['x', 'y']) state.positions.put(name, 1);
    const before = [...rows.all()];
    assert.deepEqual([...rows.changesSince(before)], []);
    state.positions.put('y', 2);
    state.outbox.put([{ topic: 'makai/x', payload: '1', retain: false }], 5);
    const foreign = [
      { file: 'outbox', table: 'positions', key: '["z"]', row: { name: 'z', value: '1' } },
      { file: 'outbox', table: 'of another version', key: '["z"]', row: { name: 'z' } },
    ];
    const changes = [...rows.changesSince([...before, ...foreign])];
    assert.deepEqual(
      changes.map(({ key, row, table }) => `${table} ${key} ${row === undefined ? 'removed' : 'written'}`),
      ['outbox [1] written', 'positions ["y"] written', 'positions ["z"] removed'],
    );
  });

  it('a row that is longer than a message comes in parts; what a killed gateway left of one is void', () => {
    const row = { value: 'ä"\u2028'.repeat(300_000) };
    const record: StateRecord = { kind: 'changes', changes: [{ file: 'f', table: 't', key: 'k', row }] };
    const messages = messagesOf(record);
    assert.ok(messages.length > 3);
    for (const { length } of messages) assert.ok(length <= 512 * 1024, `${length}`);
    const one = new StateReader();
    one.take(messages[0] ?? Buffer.alloc(0));
    for (const message of messagesOf({ kind: 'begin', name: 'b' })) one.take(message);
    for (const message of messages) one.take(message);
    assert.deepEqual(one.files.get('f')?.[0]?.row, row);
  });
});
