import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { refuseWhereAnswered } from '../../zmq/bind.js';

describe('zmq/bind', () => {
  it('refuses a place where another program answers, on any address of this machine', async () => {
    const server = createServer((socket) => socket.destroy());
    server.listen(0, '0.0.0.0');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      for (const host of ['127.0.0.1', '*', '0.0.0.0'])
        await assert.rejects(refuseWhereAnswered('zmq_event_id_endpoint', `tcp://${host}:${port}`), {
          code: 'ENDPOINT_IN_USE',
          message: `zmq_event_id_endpoint: another program answers at 127.0.0.1:${port}`,
        });
    } finally {
      server.close();
      await once(server, 'close');
    }
    await refuseWhereAnswered('zmq_event_id_endpoint', `tcp://127.0.0.1:${port}`);
    await refuseWhereAnswered('zmq_event_id_endpoint', 'tcp://127.0.0.1:*');
    await refuseWhereAnswered('zmq_event_id_endpoint', 'ipc:///tmp/none');
  });
});
