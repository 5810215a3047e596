/** What `makai status --cluster` says of acquisition brokers. */
import assert from 'node:assert/strict';
import { brokerFaults, brokersText } from '../../cli/cluster-brokers.js';
import type { BrokerOverview, BrokersOverview } from '../../nats/broker-overview.js';

const broker = (name: string, deaf_to: string[] = []): BrokerOverview => ({
  ...{ name, member: `${name}.1`, boxes: {}, open_requests: 0, copies: 0, deaf_to },
});
const text = (acquisition: BrokersOverview): string => brokersText({ acquisition }).join('');

describe('cli: acquisition brokers of a cluster', () => {
  it('none replied: a fault only where open requests are left, and nobody is said to take them up', () => {
    const nobody = { brokers: [], silent: [], left_requests: 0 };
    assert.deepEqual(brokerFaults(nobody), []);
    assert.equal(text(nobody), '\nno acquisition broker with nats replied\n');
    const left = { ...nobody, left_requests: 2 };
    assert.deepEqual(brokerFaults(left), [
      'no acquisition broker with nats replied: nobody takes up 2 open requests',
    ]);
    assert.equal(text(left), '\n2 open requests of brokers that are gone\n');
  });

  it('some replied: those take up what is left', () => {
    const a = { ...broker('a'), boxes: { box3: { known: 2, connections: 3 } }, open_requests: 5, copies: 4 };
    const left = { brokers: [a], silent: [], left_requests: 1 };
    assert.deepEqual(brokerFaults(left), []);
    assert.match(text(left), /\na +3 +5 +4\n/);
    assert.match(text(left), /\n1 open request of brokers that are gone: others take them up within 15 s\n$/);
  });

  it('names the one that does not reply, and who does not hear whom', () => {
    const brokers = [broker('a'), broker('b', ['a'])];
    assert.deepEqual(brokerFaults({ brokers, silent: ['c'], left_requests: 0 }), [
      'acquisition broker c does not reply',
      'acquisition broker b does not hear a',
    ]);
  });
});
