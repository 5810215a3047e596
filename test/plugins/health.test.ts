import assert from 'node:assert/strict';
import HealthPlugin from '../../plugins/health/index.js';
import { testContext, toColumns } from './feed.js';

const NOW = 1_795_316_970_500;

describe('plugins/health', () => {
  let plugin: HealthPlugin;
  const get = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${plugin.port}${path}`, { method });

  async function start(settings: Record<string, unknown> = {}): Promise<void> {
    plugin = new HealthPlugin();
    const context = testContext();
    context.nowMs = NOW;
    await plugin.onLoad({ address: '127.0.0.1:0', ...settings }, context);
    plugin.processBatch(
      toColumns([
        { boxId: 7, timestampMs: NOW - 100_000 },
        { boxId: 8, timestampMs: NOW - 300 },
        { boxId: 9, timestampMs: NOW + 5000 },
      ]),
    );
  }

  afterEach(async () => {
    await plugin.onUnload();
  });

  it('answers the JSON that its readers know', async () => {
    await start();
    const response = await get('/');
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'application/json');
    assert.deepEqual(await response.json(), {
      name: 'makai',
      ok: true,
      timestamp: 1_795_316_970,
      subcomponents: [
        { name: '7', timestamp: 1_795_316_870, ok: false },
        { name: '8', timestamp: 1_795_316_970, ok: true },
        { name: '9', timestamp: 1_795_316_970, ok: true },
      ],
    });
  });

  it('knows no other path, and no /trigger unless configured', async () => {
    await start();
    assert.equal((await get('/x')).status, 404);
    assert.equal((await get('/trigger')).status, 404);
    assert.equal((await get('/', 'POST')).status, 404);
    assert.equal(plugin.onTick(NOW), undefined);
  });

  it('/trigger asks the boxes that are up, once for all calls since', async () => {
    await start({ trigger: true });
    for (const method of ['GET', 'POST']) {
      const response = await get('/trigger', method);
      assert.equal(response.status, 418);
      assert.equal(await response.text(), 'Triggered');
    }
    const request = plugin.onTick(NOW);
    assert.deepEqual(request?.boxIds, [8, 9]);
    assert.equal(request.endMs - request.startMs, 5000);
    assert.equal(plugin.onTick(NOW), undefined);
  });

  it('refuses a port in use and bad settings', async () => {
    await start();
    const second = new HealthPlugin();
    await assert.rejects(second.onLoad({ address: `127.0.0.1:${plugin.port}` }, testContext()), /EADDRINUSE/);
    await assert.rejects(second.onLoad({ address: 'nowhere' }, testContext()), /host:port/);
  });
});
