/** How long a meter may be silent: by the entry that it was last read by, once it is heard. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { silentLogger } from '../../../common/log.js';
import { Rejections } from '../../../common/rejections.js';
import { parseSettings } from '../../../config/parse.js';
import { Meters } from '../../../gateway/meters/meters.js';
import type { Hear, Link } from '../../../gateway/mqtt/link.js';
import { writePublicCertificate, writeSecretCertificate } from '../../../keys/files.js';
import { newKeyPair } from '../../../keys/key.js';
import { openSqliteStore } from '../../../store/sqlite/index.js';
import type { Store } from '../../../store/store.js';
import { ManualClock } from '../../acquisition-broker/manual-clock.js';
import { until } from '../../support/until.js';

const TOPICS = [
  { topic: 'battery/{name}', voltage: { path: 'v' }, silent_after_seconds: 0 },
  { topic: 'slow/{name}', voltage: { path: 'v' }, silent_after_seconds: 900 },
  { topic: 'fast/{name}', voltage: { path: 'v' }, silent_after_seconds: 60 },
];

describe('meters: silence', () => {
  let folder: string;
  let store: Store;
  let clock: ManualClock;
  let meters: Meters | undefined;
  const heard = new Map<string, Hear>();

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'makai-meters-'));
    const [server, own] = [newKeyPair(), newKeyPair()];
    await writePublicCertificate(join(folder, 'server.key'), { boxId: undefined, ...server });
    await writeSecretCertificate(join(folder, 'gateway'), { boxId: '999999999', ...own });
    store = await openSqliteStore(':memory:', { retention: { mode: 'ttl', measurementsSeconds: 60 } });
    clock = new ManualClock();
  });
  afterEach(async () => {
    await meters?.stop();
    meters = undefined;
    await store.close();
    await rm(folder, { recursive: true });
  });

  async function start(): Promise<Meters> {
    const parsed = parseSettings('gateway', {
      meters: {
        topics: TOPICS,
        interface: 'tcp://127.0.0.1:9',
        server_key: join(folder, 'server.key'),
        cert: join(folder, 'gateway'),
      },
    });
    const { meters: settings } = parsed;
    assert.ok(settings !== undefined);
    // Only what meters use of the connection: a subscription is the function that hears.
    const link: Pick<Link, 'subscribe'> = {
      subscribe: async (filter, hear) => {
        heard.set(filter, hear);
        return async () => undefined;
      },
    };
    meters = await Meters.start({
      ...{ settings, link: link as Link, store: () => store, clock, log: silentLogger() },
      rejections: new Rejections(silentLogger(), clock),
    });
    return meters;
  }
  /** What repeats is due again once it has ended, which takes turns of the event loop. @param seconds tens */
  const pass = async (seconds: number): Promise<void> => {
    for (let s = 0; s < seconds; s += 10) {
      clock.advance(10_000);
      await setImmediate();
    }
  };
  const publish = (filter: string, topic: string): void => {
    void heard.get(filter)?.({ topic, payload: Buffer.from('{"v":230}'), retain: false });
  };
  const found = (): (string | undefined)[] =>
    (meters?.health() ?? []).map(({ findings }) => findings[0]?.code);
  const allowed = (): (number | undefined)[] =>
    (meters?.health() ?? []).map(({ meter }) => meter.silent_after_ms);

  it('is that of the entry that it was last read by; after a start that of all entries that could have made its name', async () => {
    await start();
    publish('fast/+', 'fast/kitchen');
    await until('its record is made', async () => allowed().length === 1);
    await until('it is heard', async () => meters?.status().heard === 1);
    assert.deepEqual(allowed(), [60_000]);
    await pass(80);
    assert.deepEqual(found(), ['METER_SILENT']);

    publish('slow/+', 'slow/kitchen');
    assert.deepEqual([allowed(), found()], [[900_000], [undefined]]);
    await pass(600);
    assert.deepEqual(found(), [undefined]);

    await meters?.stop();
    await start();
    assert.deepEqual(allowed(), [0]);
    publish('fast/+', 'fast/kitchen');
    assert.deepEqual(allowed(), [60_000]);
  });
});
