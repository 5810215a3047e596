/** The health of boxes as it is put together from daemons, which may be of another version. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectBoxHealth } from '../../daemon/box-health.js';

describe('daemon: the health of boxes', () => {
  it('what is no record is left out, and the others are kept', async () => {
    const lines = [
      { box_id: '1', findings: [null] },
      { box_id: '2', findings: ['x'] },
      { box_id: '3', findings: null },
      { findings: [] },
      null,
      7,
      { box_id: '4', findings: [{ code: 'OF_ANOTHER_VERSION' }] },
      { box_id: '5', findings: [], stream: { rate: 1 } },
    ];
    const server = createServer((_, response) => {
      response.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const { missing, records } = await collectBoxHealth(() => `127.0.0.1:${port}`);
      assert.deepEqual(missing, []);
      assert.deepEqual(
        records.map(({ box_id, findings }) => ({ box_id, findings })),
        [
          { box_id: '4', findings: [] },
          { box_id: '5', findings: [] },
        ],
      );
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
