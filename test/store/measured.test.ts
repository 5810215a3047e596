import assert from 'node:assert/strict';
import { Metrics } from '../../common/metrics/metrics.js';
import { measuredStore, watchStore } from '../../store/measured.js';
import { openSqliteStore } from '../../store/sqlite/index.js';

const open = () => openSqliteStore(':memory:', { retention: { mode: 'ttl', measurementsSeconds: 60 } });

describe('store: how long writes take', () => {
  it('tells each write with its kind, and leaves reading as it is', async () => {
    const store = await open();
    const written: string[] = [];
    const watch = watchStore(store, (seconds, kind) => {
      assert.ok(seconds >= 0);
      written.push(kind);
    });
    const [first = 0] = await watch.store.nextEventIds(1);
    await watch.store.putOpenRequest({ key: 'a', body: '{}' });
    assert.deepEqual(await watch.store.openRequests(), [{ key: 'a', body: '{}' }]);
    await watch.store.removeOpenRequest('a');
    assert.equal(first, 1);
    assert.deepEqual(written, ['event_number', 'open_request', 'open_request']);
    assert.deepEqual([watch.isUp, watch.failures], [true, 0]);
    await watch.store.close();
  });

  it('is down from a write that fails until one is taken', async () => {
    const store = await open();
    let refuses = true;
    const failing = new Proxy(store, {
      get: (target, name) =>
        name === 'nextEventIds' && refuses
          ? () => Promise.reject(new Error('away'))
          : Reflect.get(target, name),
    });
    const metrics = new Metrics('acquisition-broker', '0');
    const measured = measuredStore(failing, metrics);
    const watch = watchStore(failing, () => undefined);
    await assert.rejects(measured.putBoxEvent(undefined as never, undefined as never, 0));
    await assert.rejects(watch.store.nextEventIds(1), /away/);
    assert.deepEqual([watch.isUp, watch.failures], [false, 1]);
    assert.match(await metrics.exposition(), /makai_store_up 0[\s\S]*makai_store_errors_total 1/);
    refuses = false;
    assert.match(await metrics.exposition(), /makai_store_up 0/);
    await measured.putOpenRequest({ key: 'a', body: '{}' });
    assert.match(await metrics.exposition(), /makai_store_up 1/);
    metrics.stop();
    await store.close();
  });
});
