import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ELECTED_KEY, LeaseTable, memberKey, partitionKey } from '../../nats/lease-table.js';
import { runs } from '../support/property.js';

function tableOf(members: readonly string[], owners: Readonly<Record<number, string>> = {}): LeaseTable {
  const table = new LeaseTable();
  for (const member of members) table.add(memberKey(member), member);
  for (const [partition, owner] of Object.entries(owners)) table.add(partitionKey(Number(partition)), owner);
  return table;
}

describe('nats/lease-table', () => {
  it('gives all partitions away, and nobody more than one above another', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 80 }), (numbers) => {
        const members = numbers.map(String);
        const table = tableOf(members);
        const shares = members.map((member) => table.share(member, 64));
        assert.equal(
          shares.reduce((sum, share) => sum + share, 0),
          64,
        );
        assert.ok(Math.max(...shares) - Math.min(...shares) <= 1);
      }),
      { numRuns: runs(300) },
    );
  });

  it('a member that is not there has no share', () => {
    assert.equal(tableOf(['a']).share('b', 64), 0);
  });

  it('lists what nobody has, from another one on for each member', () => {
    const table = tableOf(['a', 'b'], { 0: 'a', 5: 'b' });
    assert.deepEqual(table.free('a', 8), [1, 2, 3, 4, 6, 7]);
    assert.deepEqual(table.free('b', 8), [4, 6, 7, 1, 2, 3]);
    assert.equal(table.ownerOf(5), 'b');
    assert.equal(table.ownerOf(1), undefined);
  });

  it('is unsettled while a partition has no owner, or an owner has not renewed its lease for long', () => {
    const table = new LeaseTable();
    table.add(memberKey('a'), '', 1, 1000);
    table.add(partitionKey(0), 'a', 2, 1000);
    assert.equal(table.isUnsettled(2, 100), true);
    table.add(partitionKey(1), 'b', 3, 1000);
    assert.equal(table.isUnsettled(2, 100), false);
    table.add(memberKey('a'), '', 4, 1100);
    assert.equal(table.isUnsettled(2, 100), false);
    table.add(partitionKey(0), 'a', 5, 1101);
    assert.equal(table.isUnsettled(2, 100), true);
  });

  it('knows who is elected, which is no partition and no member', () => {
    const table = tableOf(['a']);
    assert.equal(table.elected, undefined);
    table.add(ELECTED_KEY, 'a service');
    assert.equal(table.elected, 'a service');
    assert.deepEqual(table.members, ['a']);
    assert.equal(table.free('a', 64).length, 64);
  });
});
