/** Flags of live measurements: by the nominal voltage of the box, as the triggering service decides them for what is stored. */
import assert from 'node:assert/strict';
import { Publisher } from 'zeromq';
import { measurement } from '../../proto/index.js';
import { freePort } from '../support/free-port.js';
import { until } from '../support/until.js';
import { fill, type GivenWeb, startWeb } from './given.js';

describe('web-service: flags of live measurements', function () {
  this.timeout(60_000);
  let socket: Publisher;
  let web: GivenWeb;

  before(async () => {
    socket = new Publisher({ linger: 0 });
    const endpoint = `tcp://127.0.0.1:${await freePort()}`;
    await socket.bind(endpoint);
    web = await startWeb({
      settings: { zmq_trigger_endpoint: endpoint },
      prepare: async (store) => {
        await fill(store);
        await store.putBox({
          box_id: '3',
          calibration_constant: 1,
          unplugged: false,
          nominal_voltage: 230,
        });
      },
    });
    // What is sent before the subscription has arrived goes nowhere.
    await until('measurements arrive', async () => {
      await send(2, 120);
      return (await newest(2)) !== undefined;
    });
  });

  after(async () => {
    socket?.close();
    await web?.service.stop();
    await web?.store.close();
  });

  let timestampMs = Date.now() - 60_000;

  interface Live {
    timestamp_ms: number;
    flagged?: string[];
  }

  async function send(boxId: number, volts: number): Promise<void> {
    const of = (average: number) => ({ min: average, max: average, average });
    timestampMs += 1000;
    const bytes = measurement.encode({ boxId, timestampMs, metrics: { rms: of(volts), f: of(60) } });
    await socket.send([String(boxId), bytes]);
  }

  async function newest(boxId: number): Promise<Live | undefined> {
    return ((await web.json(`/boxes/${boxId}`)).body as { live?: Live }).live;
  }

  async function flagsOf(boxId: number, volts: number): Promise<string[] | undefined> {
    await send(boxId, volts);
    await until(
      'it is the newest of its box',
      async () => (await newest(boxId))?.timestamp_ms === timestampMs,
    );
    return (await newest(boxId))?.flagged;
  }

  it('are those of a sag, a swell and an interruption, and of the measurement after it', async () => {
    assert.equal(await flagsOf(1, 120), undefined);
    assert.deepEqual(await flagsOf(1, 96), ['sag']);
    assert.deepEqual(await flagsOf(1, 120), ['sag']);
    assert.equal(await flagsOf(1, 120), undefined);
    assert.deepEqual(await flagsOf(1, 140), ['swell']);
    assert.deepEqual(await flagsOf(1, 2), ['interruption']);
    assert.deepEqual(await flagsOf(1, 120), ['interruption']);
    assert.equal(await flagsOf(1, 120), undefined);
  });

  it('go by the nominal voltage of each box', async () => {
    assert.equal(await flagsOf(3, 230), undefined);
    assert.deepEqual(await flagsOf(3, 120), ['sag']);
    assert.deepEqual(await flagsOf(2, 230), ['swell']);
  });
});
