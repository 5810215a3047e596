/** Notices of incidents as they come from the analysis service. */
import assert from 'node:assert/strict';
import { systemClock } from '../../common/clock.js';
import { silentLogger } from '../../common/log.js';
import { hearIncidents } from '../../web-service/live/incidents.js';
import { bound } from '../../zmq/sockets.js';
import { until } from '../support/until.js';

const incident = (id: number, remark: string) => ({
  incident_id: id,
  event_id: 1,
  box_id: '1',
  start_timestamp_ms: 1000,
  end_timestamp_ms: 2000,
  location: 'lab',
  measurement_type: 'VOLTAGE',
  deviation_from_nominal: -36,
  measurements: [],
  gridfs_filename: '',
  expire_at: 3000,
  classifications: ['VOLTAGE_SAG', 'ITIC_NO_DAMAGE'],
  annotations: [remark],
  ieee_duration: 'INSTANTANEOUS',
  metadata: {},
  source: 'makai',
});

describe('web-service: notices of incidents', function () {
  this.timeout(150_000);

  it('an incident is passed on once however many classes it has, and again when it has changed', async () => {
    const socket = bound.publisher({ maxMessageSize: 1024 });
    await socket.bind('tcp://127.0.0.1:*');
    const heard: string[] = [];
    const notices = await hearIncidents({
      endpoint: socket.lastEndpoint ?? '',
      nats: undefined,
      clock: systemClock,
      log: silentLogger(),
      onIncident: ({ annotations, incident_id }) => void heard.push(`${incident_id} ${annotations.join()}`),
      onGroup: () => undefined,
    });
    const publish = (id: number, remark: string, name: string) =>
      socket.send([`incident/${name}`, JSON.stringify(incident(id, remark))]);
    try {
      // Until it has subscribed nothing arrives.
      await until('a notice arrives', async () => {
        await publish(1, 'first', 'VOLTAGE_SAG');
        return heard.length > 0;
      });
      await publish(1, 'first', 'ITIC_NO_DAMAGE');
      await publish(2, 'other', 'VOLTAGE_SAG');
      await publish(1, 'changed', 'VOLTAGE_SAG');
      await publish(3, 'end', 'VOLTAGE_SAG');
      await until('the last notice arrives', async () => heard.some((one) => one.startsWith('3')));
      assert.deepEqual(heard, ['1 first', '2 other', '1 changed', '3 end']);
    } finally {
      await notices.stop();
      socket.close();
    }
  });
});
