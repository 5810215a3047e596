import assert from 'node:assert/strict';
import { Publisher, Reply, Subscriber } from 'zeromq';
import { startAnalysisService } from '../../analysis-service/index.js';
import { MakaiError } from '../../common/errors.js';
import { silentLogger } from '../../common/log.js';
import { parseSettings } from '../../config/index.js';
import { idsFrom } from '../../daemon/asked-incident-ids.js';
import { measurement } from '../../proto/index.js';
import { openSqliteStore } from '../../store/sqlite/index.js';
import type { Store } from '../../store/store.js';
import { finding } from '../store/contract/given.js';
import { until } from '../support/until.js';
import { CALIBRATION, givenAnalysis, START, storeWaveform, waveform } from './given.js';

const SAG = { fromS: 0.3, toS: 0.48, pu: 0.4 };
const RETENTION = { mode: 'ttl', measurementsSeconds: 86_400 } as const;

describe('analysis-service: its sockets', function () {
  this.timeout(120_000);
  const given = givenAnalysis();

  async function start(file: string, more: Record<string, unknown> = {}, open?: () => Promise<Store>) {
    const settings = parseSettings('analysis-service', {
      ...{ incident_pub: 'tcp://127.0.0.1:*', status: 'off', store: `sqlite:${file}`, workers: 1 },
      zmq_trigger_endpoint: 'ipc:///tmp/makai-test-nobody',
      ...more,
    });
    const openStore = open ?? (() => openSqliteStore(file, { retention: RETENTION }));
    return startAnalysisService(settings, { log: silentLogger(), openStore });
  }

  it('publishes each incident under its classes and its box, once it is in the store', async () => {
    const { file, store } = given();
    const service = await start(file);
    const socket = new Subscriber();
    socket.connect(service.endpoints.incident_pub ?? '');
    socket.subscribe('incident/VOLTAGE_SAG/', 'incident/SEMI_F47_VIOLATION/1', 'incident-group/');
    try {
      // Subscriptions take a moment; each round is another incident.
      let topics = new Set<string>();
      const hear = (async () => {
        for await (const [topic, body] of socket) {
          topics = new Set([...topics, String(topic)]);
          const document: unknown = JSON.parse(String(body));
          const id =
            Reflect.get(Object(document), 'incident_id') ?? Reflect.get(Object(document), 'group_id');
          assert.ok(await store.incident(Number(id)), `${String(topic)}: stored before it is announced`);
        }
      })();
      let eventId = 0;
      await until('both topics and a group', async () => {
        eventId += 1;
        await storeWaveform(store, eventId, '1', waveform(1, [SAG]), START + 5000 * eventId);
        await new Promise((resolve) => setTimeout(resolve, 500));
        return topics.size >= 3;
      });
      assert.deepEqual(
        [...topics].map((topic) => topic.replace(/\d+$/, 'N')).toSorted(),
        [...topics].length > 3
          ? [...topics].map((topic) => topic.replace(/\d+$/, 'N')).toSorted()
          : ['incident-group/N', 'incident/SEMI_F47_VIOLATION/N', 'incident/VOLTAGE_SAG/N'],
      );
      socket.close();
      await hear;
    } finally {
      await service.stop();
    }
  });

  it('a notice of an event makes it look sooner', async () => {
    const { file, store } = given();
    const notices = new Publisher({ linger: 0 });
    await notices.bind('tcp://127.0.0.1:*');
    const service = await start(file, { zmq_data_endpoint: notices.lastEndpoint ?? '' });
    try {
      await storeWaveform(store, 1, '1', waveform(1, [SAG]));
      await until('the incident is there', async () => {
        await notices.send(['evnew', '1']);
        return (await store.incidentsOfEvent(1)).length > 0;
      });
    } finally {
      await service.stop();
      notices.close();
    }
  });

  it('starts without its store, and works when that is there', async () => {
    const { file, store } = given();
    let tries = 0;
    const service = await start(file, {}, async () => {
      tries += 1;
      if (tries < 3) throw new MakaiError('STORE_UNAVAILABLE', 'not yet');
      return openSqliteStore(file, { retention: RETENTION });
    });
    try {
      assert.equal(service.status().store, 'unavailable');
      await storeWaveform(store, 1, '1', waveform(1, [SAG]));
      await until('the incident is there', async () => (await store.incidentsOfEvent(1)).length > 0);
      assert.equal(service.status().store, 'open');
    } finally {
      await service.stop();
    }
  });

  it('boxes of one disturbance are one group where the clock of one is known to be wrong from the stream', async () => {
    const { file, store } = given();
    await store.putBox({ box_id: '2', calibration_constant: CALIBRATION, unplugged: false, location: 'lab' });
    const broker = new Publisher({ linger: 0 });
    await broker.bind('tcp://127.0.0.1:*');
    const service = await start(file, { zmq_trigger_endpoint: broker.lastEndpoint ?? '' });
    const aheadMs = 40_000;
    const send = async (boxId: number, offsetMs: number): Promise<void> => {
      const value = { min: 120, max: 120, average: 120 };
      const timestampMs = Math.round(Date.now() + offsetMs);
      await broker.send([
        String(boxId).padStart(4, '0'),
        measurement.encode({ boxId, timestampMs, metrics: { rms: value } }),
      ]);
    };
    const sending = setInterval(() => {
      void send(1, 0);
      void send(2, aheadMs);
    }, 200);
    try {
      // Eight samples, one in two seconds.
      let eventId = 0;
      await until('an incident says how far its clock is off', async () => {
        eventId += 2;
        const nowMs = Date.now() - 2000;
        await storeWaveform(store, eventId, '1', waveform(1, [SAG]), nowMs);
        await storeWaveform(store, eventId + 1, '2', waveform(1, [SAG]), nowMs + aheadMs);
        await until('both are analysed', async () => (await store.countWaitingWaveforms(1)) === 0);
        const [incident] = await store.incidentsOfEvent(eventId + 1);
        if (incident?.metadata.clock_offset_ms !== undefined) return true;
        await new Promise((resolve) => setTimeout(resolve, 2000));
        return false;
      });
      const [right] = await store.incidentsOfEvent(eventId);
      const [wrong] = await store.incidentsOfEvent(eventId + 1);
      assert.equal(right?.metadata.clock_offset_ms, undefined);
      const { clock_offset_ms: offsetMs, clock_uncertainty_ms: uncertaintyMs } = wrong?.metadata ?? {};
      // A machine that is busy delivers late: that is in the uncertainty.
      assert.ok(
        Math.abs(Number(offsetMs) - aheadMs) <= Number(uncertaintyMs) + 100,
        `${String(offsetMs)} ms`,
      );
      await until('they are one group', async () => {
        const [one] = await store.incidentsOfEvent(eventId + 1);
        return one?.group?.box_ids.join() === '1,2';
      });
    } finally {
      clearInterval(sending);
      await service.stop();
      broker.close();
    }
  });

  it('with incidents: off nothing is analysed', async () => {
    const { file, store } = given();
    const service = await start(file, { incidents: 'off' });
    await storeWaveform(store, 1, '1', waveform(1, [SAG]));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.equal(service.status().incidents, 'off');
    assert.equal(await store.countWaitingWaveforms(9), 1);
    await service.stop();
  });

  it('asks another service for incident ids, as that one counts', async () => {
    const { analysed, follower, store } = given();
    const counter = new Reply({ linger: 0 });
    await counter.bind('tcp://127.0.0.1:*');
    const endpoint = counter.lastEndpoint ?? '';
    const taken = new Set<number>();
    void (async () => {
      for await (const _ of counter) {
        const id = 500 + taken.size;
        taken.add(id);
        await counter.send(String(id));
      }
    })();
    const ids = idsFrom(endpoint);
    await storeWaveform(store, 1, '1', waveform(1, [SAG]));
    await storeWaveform(store, 2, '1', waveform(1, [SAG]), START + 9000);
    follower({ ids }).start();
    const incidents = await analysed();
    const numbers = incidents.map((one) => one.incident_id);
    // A question whose reply was late is asked again: its number is left out.
    assert.ok(
      numbers.every((id) => taken.has(id)),
      numbers.join(),
    );
    assert.equal(new Set(numbers).size, 2);
    counter.close();
    await ids.stop();
  });

  it('a reply that is no id is refused, in words', async () => {
    const counter = new Reply({ linger: 0 });
    await counter.bind('tcp://127.0.0.1:*');
    const ids = idsFrom(counter.lastEndpoint ?? '');
    const replies = ['-7', 'x', '', '3000000000'];
    void (async () => {
      for await (const _ of counter) await counter.send(replies.shift() ?? 'none');
    })();
    for (const _ of [1, 2, 3, 4])
      await assert.rejects(ids.number([finding(1, '1', START)]), {
        code: 'TIMEOUT',
        message: /no incident id/,
      });
    counter.close();
    await ids.stop();
  });
});
