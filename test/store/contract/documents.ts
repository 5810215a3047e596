import assert from 'node:assert/strict';
import type { MakaiConfigDocument } from '../../../store/documents.js';
import type { MakeStore } from '../contract.js';
import { givenStore } from './given.js';

export function documentsContract(makeStore: MakeStore): void {
  describe('configuration, metrics, health, open requests', () => {
    const given = givenStore(makeStore);

    it('makai_config is absent, then what was put last', async () => {
      const { store, another } = given();
      const triggering = {
        default_ref_f: 60,
        default_ref_v: 120,
        default_threshold_percent_f_low: 0.5,
        default_threshold_percent_f_high: 0.5,
        default_threshold_percent_v_low: 2.5,
        default_threshold_percent_v_high: 2.5,
        default_threshold_percent_thd_high: 3,
      };
      const override = {
        box_id: '1001',
        ref_f: 60,
        ref_v: 240,
        threshold_percent_f_low: 1,
        threshold_percent_f_high: 1,
        threshold_percent_v_low: 5,
        threshold_percent_v_high: 5,
      };
      const document: MakaiConfigDocument = {
        triggering: { ...triggering, triggering_overrides: [override] },
      };
      assert.equal(await store.makaiConfig(), undefined);
      await store.putMakaiConfig({ triggering: { ...triggering, triggering_overrides: [] } });
      await store.putMakaiConfig(document);
      assert.deepEqual(await (await another()).makaiConfig(), document);
    });

    it('laha_config is absent, then what the analysis service wrote', async () => {
      const { store, writeLahaConfig } = given();
      assert.equal(await store.lahaConfig(), undefined);
      const ttls = {
        box_samples: 900,
        measurements: 86_400,
        trends: 1_209_600,
        events: 2_419_200,
        incidents: 31_536_000,
      };
      await writeLahaConfig({ ttls });
      assert.deepEqual((await store.lahaConfig())?.ttls, ttls);
    });

    it('metrics and health findings are written as they are', async () => {
      const { store, clock, written } = given();
      await store.insertMetrics({ name: 'triggering broker', bytes: 123_456 });
      await store.insertMetrics({ name: 'acquisition broker', sent: 17, recv: 4_294_967_297 });
      const finding = {
        timestamp: new Date(clock.ms),
        service: 'BOX',
        serviceID: '1001',
        status: 'DOWN',
        info: 'silent',
      };
      await store.insertHealth({ ...finding, status: 'DOWN' });
      const pick = (names: string[], document: Record<string, unknown>) =>
        Object.fromEntries(names.filter((name) => name in document).map((name) => [name, document[name]]));
      const metrics = await written('makai_metrics');
      assert.deepEqual(
        metrics.map((document) => pick(['name', 'bytes', 'sent', 'recv'], document)),
        [
          { name: 'triggering broker', bytes: 123_456 },
          { name: 'acquisition broker', sent: 17, recv: 4_294_967_297 },
        ],
      );
      const findings = await written('health');
      assert.deepEqual(
        findings.map((document) => pick(Object.keys(finding), document)),
        [finding],
      );
    });

    it('findings of one box are read by their time, without the UP and DOWN of every 20 s', async () => {
      const { store, another, clock } = given();
      const finding = (serviceID: string, minute: number, status: 'UP' | 'DOWN', info: string) => ({
        ...{ timestamp: new Date(clock.ms + minute * 60_000), service: 'BOX', serviceID, status, info },
      });
      const own = [
        finding('1001', 0, 'DOWN', 'CLOCK_OFFSET: 10 h behind'),
        finding('1001', 5, 'UP', 'CLOCK_OFFSET ended; it began at 12:00'),
        finding('1001', 5, 'UP', 'RATE ended'),
      ];
      const others = [
        finding('1001', 1, 'UP', ''),
        finding('100', 2, 'DOWN', 'RATE: 3 a second'),
        { ...finding('1001', 3, 'DOWN', 'a daemon'), service: 'MAKAI' },
      ];
      for (const one of [...own, ...others]) await store.insertHealth(one);
      const read = await another();
      const box = { boxId: '1001', limit: 10 };
      assert.deepEqual(await read.boxHealth({ ...box, descending: false }), own);
      assert.deepEqual(await read.boxHealth({ ...box, descending: true }), [...own].reverse());
      assert.deepEqual(await read.boxHealth({ ...box, descending: true, limit: 2 }), own.slice(1).reverse());
      const [fromMs, toMs] = [clock.ms, clock.ms + 5 * 60_000];
      assert.deepEqual(await read.boxHealth({ ...box, descending: true, fromMs, toMs }), own.slice(0, 1));
      assert.deepEqual(await read.boxHealth({ ...box, descending: false, fromMs: fromMs + 1 }), own.slice(1));
      assert.deepEqual(await read.boxHealth({ ...box, boxId: '7', descending: false }), []);
    });

    it('open requests are kept in the order in which they came, until removed', async () => {
      const { store, another, openRequestsStayHere } = given();
      await store.putOpenRequest({ key: 'read 9', body: '{"a":1}' });
      await store.putOpenRequest({ key: 'data 4', body: '{}' });
      await store.putOpenRequest({ key: 'read 9', body: '{"a":2}' });
      const other = openRequestsStayHere === true ? store : await another();
      assert.deepEqual(await other.openRequests(), [
        { key: 'read 9', body: '{"a":2}' },
        { key: 'data 4', body: '{}' },
      ]);
      await other.removeOpenRequest('read 9');
      await other.removeOpenRequest('read 9');
      assert.deepEqual(await store.openRequests(), [{ key: 'data 4', body: '{}' }]);
    });
  });
}
