/** What followers say of the triggering brokers beside their names: read, or left out. */
import assert from 'node:assert/strict';
import { hearsIn, memberValue } from '../../nats/heard-brokers.js';
import { LeaseTable, memberKey } from '../../nats/lease-table.js';

describe('nats/heard-brokers', () => {
  const hears = { brokers: 2, connected: 1, missing: ['tcp://b:9881'] };

  it('is read as it was written, and does not change who is there', () => {
    const table = new LeaseTable();
    table.add(memberKey('m-1'), memberValue('m-1', hears));
    table.add(memberKey('m-2'), memberValue('m-2', undefined));
    assert.deepEqual(table.members, ['m-1', 'm-2']);
    assert.deepEqual(hearsIn(table.saidBy('m-1')), hears);
    assert.equal(hearsIn(table.saidBy('m-2')), undefined);
    assert.equal(hearsIn(table.saidBy('nobody')), undefined);
  });

  it('is left out where it is something else', () => {
    for (const text of [
      '',
      '{',
      '{}',
      '{"hears":{"brokers":-1}}',
      '{"hears":{"brokers":1,"connected":1,"missing":[3]}}',
      '{"hears":{"brokers":2,"connected":2,"missing":["tcp://b:9881"]}}',
      JSON.stringify({ hears: { brokers: 17, connected: 0, missing: Array(17).fill('tcp://b:9881') } }),
    ])
      assert.equal(hearsIn(text), undefined, text);
  });
});
