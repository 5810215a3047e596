/** Many boxes in one process. */
import assert from 'node:assert/strict';
import { type CycleSource, parseScenario, scenarioSources, startFleet } from '../../box/index.js';
import { newKeyPair } from '../../keys/key.js';
import * as proto from '../../proto/index.js';
import { type Broker, openBroker } from './broker.js';
import { numberedSource } from './support.js';

describe('a fleet', () => {
  let broker: Broker;

  beforeEach(async () => {
    broker = await openBroker();
  });

  afterEach(() => broker.close());

  it('measurements of a hundred boxes of both kinds arrive, each with its own id and kind', async () => {
    const sourceFor = scenarioSources(parseScenario({ name: 'fleet', duration_s: 2 }));
    const sources = new Set<CycleSource>();
    const fleet = await startFleet({
      count: 100,
      firstId: 2001,
      dialect: 'mixed',
      sourceFor: (position) => {
        const source = sourceFor(position);
        sources.add(source);
        return source;
      },
      serverPublicKey: broker.keys.publicKey,
      endpoints: broker.endpoints,
    });
    try {
      assert.equal(sources.size, 16, 'waveforms are shared');
      const heard = new Map<number, number>();
      while (heard.size < 100) {
        const [topic, frame] = await broker.measurements.receive();
        heard.set(Number(topic), proto.decodeStream(frame ?? Buffer.alloc(0)).dialect);
      }
      for (const [id, dialect] of heard) assert.equal(dialect, id % 2 === 1 ? 2 : 3, `box ${id}`);
      assert.equal(fleet.boxes.length, 100);
      assert.ok(fleet.stats.measurements >= 100);
      assert.ok(fleet.stats.cycles > 100 * 10);
    } finally {
      await fleet.stop();
    }
  });

  it('gives each box its own keys, and stops all boxes when one cannot start', async () => {
    const keys = newKeyPair();
    const common = {
      dialect: 2,
      sourceFor: () => numberedSource(60),
      serverPublicKey: broker.keys.publicKey,
      endpoints: broker.endpoints,
    } as const;
    const fleet = await startFleet({
      ...common,
      count: 2,
      firstId: 1,
      keysFor: (id) => (id === 2 ? keys : undefined),
    });
    assert.equal(fleet.boxes[1]?.publicKey, keys.publicKey);
    assert.notEqual(fleet.boxes[0]?.publicKey, keys.publicKey);
    await fleet.stop();
    await assert.rejects(startFleet({ ...common, count: 2, firstId: 0x7fff_ffff }), /box id 2147483648/);
    const endpoints = { ...broker.endpoints, replies: 'nonsense' };
    await assert.rejects(startFleet({ ...common, endpoints, count: 2, firstId: 1 }));
  });
});
