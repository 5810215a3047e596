/** A gateway that cannot become the active one leaves nothing running: it tries again, for ever. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../common/clock.js';
import { silentLogger } from '../../common/log.js';
import { Rejections } from '../../common/rejections.js';
import { parseSettings } from '../../config/parse.js';
import { StoreLink } from '../../daemon/store-link.js';
import { startActive } from '../../gateway/active.js';
import { startGateway } from '../../gateway/index.js';
import type { Shared } from '../../gateway/state/shared.js';
import { openStore } from '../../store/open.js';
import { gatewaySettings } from './given.js';

describe('gateway: a start that fails', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-begin-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const log = silentLogger();
  const url = 'sqlite::memory:';
  const open = () => openStore(url, { retention: { mode: 'ttl', measurementsSeconds: 86_400 }, log });
  const withoutKafka = async (more: Record<string, unknown> = {}) =>
    parseSettings(
      'gateway',
      await gatewaySettings(url, folder, {
        kafka: { brokers: ['127.0.0.1:9'], tls: { ca: join(folder, 'missing.pem') } },
        ...more,
      }),
    );

  it('closes each file that it had opened', async () => {
    const store = new StoreLink({ url, open, clock: systemClock, log, onChange: () => undefined });
    await store.start();
    const attached: string[] = [];
    const detached: string[] = [];
    const shared: Shared = {
      attach: (file) => {
        attached.push(file);
        return () => detached.push(file);
      },
      flushed: () => Promise.resolve(),
      mayAct: () => true,
    };
    const settings = await withoutKafka();
    try {
      await assert.rejects(
        startActive({
          ...{ settings, shared, store, curve: undefined, ownAddress: () => undefined },
          ...{ rejections: new Rejections(log), clock: systemClock, log },
        }),
        { code: 'CONFIG_UNREADABLE' },
      );
    } finally {
      await store.stop();
    }
    assert.deepEqual(attached.sort(), ['deliveries', 'outbox', 'rules']);
    assert.deepEqual(detached.sort(), attached);
  });

  it('says at the start what would keep it from becoming the active one', async () => {
    const settings = await withoutKafka({ nats: { servers: ['nats://127.0.0.1:9'] } });
    await assert.rejects(startGateway(settings, { log, openStore: open }), { code: 'CONFIG_UNREADABLE' });
  });
});
