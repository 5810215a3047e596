import assert from 'node:assert/strict';
import { askForEvent } from '../../daemon/event-client.js';

describe('cli: a request of an event', () => {
  it('where nothing listens, it says that there is no connection', async () => {
    const asked = askForEvent(
      {
        startMs: 1,
        endMs: 2,
        triggerType: 'OTHER',
        percentMagnitude: 0,
        boxIds: [],
        requestee: 'test',
        description: '',
        requestData: false,
      },
      {
        requests: 'tcp://127.0.0.1:9',
        notices: 'tcp://127.0.0.1:9',
        isOurs: async () => true,
        timeoutMs: 200,
      },
    );
    await assert.rejects(asked, {
      code: 'TIMEOUT',
      message: 'no connection to tcp://127.0.0.1:9 within 0.2 s',
      hint: /--config, --dir/,
    });
  });
});
