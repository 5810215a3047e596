/** The web service with two triggering brokers: live values of the boxes of both, by its settings. */
import { Publisher } from 'zeromq';
import { measurement } from '../../proto/index.js';
import { freePort } from '../support/free-port.js';
import { until } from '../support/until.js';
import { fill, startWeb } from './given.js';

describe('web-service: several triggering brokers', function () {
  this.timeout(60_000);

  it('shows live values of the boxes of both', async () => {
    const sockets = [new Publisher({ linger: 0 }), new Publisher({ linger: 0 })];
    const endpoints = [`tcp://127.0.0.1:${await freePort()}`, `tcp://127.0.0.1:${await freePort()}`];
    for (const [i, socket] of sockets.entries()) await socket.bind(endpoints[i] ?? '');
    const [first, ...further] = endpoints;
    const web = await startWeb({
      settings: { zmq_trigger_endpoint: first, further_trigger_endpoints: further },
      prepare: fill,
    });
    try {
      const value = { min: 120, max: 120, average: 120 };
      await until('both are live', async () => {
        for (const [i, socket] of sockets.entries()) {
          const message = { boxId: i + 1, timestampMs: Date.now(), metrics: { rms: value } };
          await socket.send([String(i + 1), measurement.encode(message)]);
        }
        const live = await Promise.all(
          [1, 2].map(async (id) => (await web.json(`/boxes/${id}`)).body as { live?: object }),
        );
        return live.every((one) => one.live !== undefined);
      });
    } finally {
      for (const socket of sockets) socket.close();
      await web.service.stop();
      await web.store.close();
    }
  });
});
