/** A stream of several triggering brokers: all are heard, and it is known whether all are connected. */
import assert from 'node:assert/strict';
import { Publisher } from 'zeromq';
import { Heard } from '../../analysis-service/outages/heard.js';
import { systemClock } from '../../common/clock.js';
import { silentLogger } from '../../common/log.js';
import { LiveMeasurements } from '../../gateway/live/measurements.js';
import { measurement } from '../../proto/index.js';
import { freePort } from '../support/free-port.js';
import { until } from '../support/until.js';

const log = silentLogger();

describe('stream: of several brokers', function () {
  this.timeout(60_000);
  let endpoints: string[];
  let brokers: Publisher[];

  const broker = async (endpoint: string): Promise<Publisher> => {
    const made = new Publisher({ linger: 0 });
    await made.bind(endpoint);
    return made;
  };
  const bytesOf = (boxId: number): Uint8Array => {
    const value = { min: 120, max: 120, average: 120 };
    return measurement.encode({ boxId, timestampMs: Date.now(), metrics: { rms: value } });
  };
  const sendAll = async (): Promise<void> => {
    for (const [i, one] of brokers.entries()) await one.send([String(1001 + i), bytesOf(1001 + i)]);
  };

  beforeEach(async () => {
    endpoints = [];
    brokers = [];
    for (let i = 0; i < 3; i += 1) endpoints.push(`tcp://127.0.0.1:${await freePort()}`);
  });
  afterEach(() => {
    for (const one of brokers) one.close();
  });

  it('the analysis service judges silence only while it hears all of them', async () => {
    const [first = '', second = '', third = ''] = endpoints;
    brokers.push(await broker(first), await broker(second));
    const heard = new Heard(endpoints, undefined, systemClock, log);
    try {
      await until('boxes of two are heard', async () => {
        await sendAll();
        return heard.of('1001') !== undefined && heard.of('1002') !== undefined;
      });
      assert.equal(heard.connectedMs, undefined, 'the third is not there');
      assert.deepEqual(heard.status(), { brokers: 3, connected: 2, missing: [third] });
      brokers.push(await broker(third));
      await until('all are connected', async () => heard.connectedMs !== undefined);
      const since = heard.connectedMs ?? 0;
      brokers.splice(1, 1)[0]?.close();
      await until('one is lost', async () => heard.connectedMs === undefined);
      assert.deepEqual(heard.status().missing, [second]);
      brokers.push(await broker(second));
      await until('it is there again', async () => (heard.connectedMs ?? 0) > since);
      assert.deepEqual(heard.status(), { brokers: 3, connected: 3, missing: [] });
    } finally {
      await heard.stop();
    }
  });

  it('the gateway has live values of all of them', async () => {
    for (const endpoint of endpoints) brokers.push(await broker(endpoint));
    const topics = new Set<string>();
    const live = new LiveMeasurements({
      ...{ endpoints, curve: undefined, boxes: undefined, perSecond: 100, clock: systemClock, log },
      onMessage: ({ topic }) => topics.add(topic),
    });
    try {
      await until('each box is published', async () => {
        await sendAll();
        return topics.size === 3;
      });
      assert.deepEqual(live.heard(), { brokers: 3, connected: 3, missing: [] });
    } finally {
      await live.stop();
    }
  });

  it('the gateway hears none where no live measurements are wanted', async () => {
    const live = new LiveMeasurements({
      ...{ endpoints, curve: undefined, boxes: undefined, perSecond: 0, clock: systemClock, log },
      onMessage: () => undefined,
    });
    assert.equal(live.heard(), undefined);
    await live.stop();
  });
});
