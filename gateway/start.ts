/** Starts the gateway: what waits on disk, the connection to MQTT, then what follows the store and the daemons. */
import { type Clock, systemClock, within } from '../common/clock.js';
import { type Running, startAll } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { Metrics } from '../common/metrics/metrics.js';
import { Rejections } from '../common/rejections.js';
import { VERSION } from '../common/version.js';
import { changedFields, type GatewaySettings } from '../config/index.js';
import { backendKeys, curveClientOptions } from '../daemon/curve-client.js';
import { type StatusServer, startStatusServer } from '../daemon/status/server.js';
import { StoreLink } from '../daemon/store-link.js';
import { addKafkaMetrics } from '../kafka/metrics.js';
import type { Store } from '../store/store.js';
import { type Embedded, startEmbedded } from './broker/embedded.js';
import { type Core, startCore } from './core.js';
import { topicOf } from './documents/topics.js';
import { connectLink } from './mqtt/client.js';
import type { Link } from './mqtt/link.js';
import { sessionFilters } from './state/session-filters.js';
import { openState } from './state/state.js';
import { addMetrics, type GatewayStatus } from './status.js';

const NAME = 'gateway';
/** The last message may take so long. */
const GOODBYE_MS = 1000;

export interface GatewayDeps {
  log: Logger;
  /** opens the store; a database that is unavailable is tried again, and the gateway runs meanwhile. The gateway closes it */
  openStore: () => Promise<Store>;
  clock?: Clock;
}

export interface Gateway extends Running {
  /** `mqtt`: address of the broker; `status`: of the status server */
  readonly endpoints: Readonly<Record<string, string>>;
  status(): GatewayStatus;
  /** Reads the recipients of notifications again, and logs which changed settings take effect at the next start: all of them. */
  reload(settings: GatewaySettings): Promise<void>;
}

/**
 * Starts the gateway. Fulfilled once its own sockets are open; neither the broker nor the database need be available.
 * @throws MakaiError ALREADY_RUNNING, ENDPOINT_IN_USE, ENDPOINT_UNAVAILABLE, CONFIG_UNREADABLE, SECRET_EXPOSED, those of the file of the outbox (as of a
 *   store) and of the keys of `backend_curve`, and what opening the store says other than STORE_UNAVAILABLE
 */
export async function startGateway(settings: GatewaySettings, deps: GatewayDeps): Promise<Gateway> {
  const { clock = systemClock, log, openStore } = deps;
  const curve = await curveClientOptions(settings.backendCurve);
  const rejections = new Rejections(log, clock);
  const metrics = new Metrics(NAME, VERSION);
  const store = new StoreLink({
    ...{ url: settings.storeUrl, open: openStore, clock, log },
    onChange: () => undefined,
  });
  let link: Link | undefined;
  let embedded: Embedded | undefined;
  let core: Core | undefined;
  let server: StatusServer | undefined;
  const state = openState(settings.state, settings.outbox.maxBytes);
  const statusOf = (): GatewayStatus => {
    if (core === undefined || link === undefined) throw new Error('the gateway is not started yet');
    return {
      mqtt: link.status(),
      store: store.status,
      ...core.status(),
      clients: embedded?.clients,
      refused: { ...rejections.totals(), ...embedded?.refused() },
    };
  };
  const running = await startAll([
    { name: 'outbox', start: async () => ({ stop: async () => state.close() }) },
    {
      name: 'store',
      start: async () => {
        await store.start();
        return store;
      },
    },
    {
      name: 'mqtt',
      start: async () => {
        if (settings.server === undefined) {
          embedded = await startEmbedded({
            settings: settings.embedded,
            store: () => store.store,
            clock,
            log,
          });
          link = embedded;
        } else {
          const will = {
            topic: topicOf('daemon', { daemon: NAME }),
            payload: JSON.stringify(lost(clock.now())),
          };
          const filters = sessionFilters(state.positions, 'mqtt filters');
          link = await connectLink({ path: 'mqtt', server: settings.server, will, filters, clock, log });
        }
        const started = link;
        return {
          stop: async () => {
            if (started.status().connected) await goodbye(started, clock);
            await started.stop();
          },
        };
      },
    },
    {
      name: 'what is published',
      start: async () => {
        if (link === undefined) throw new Error('without a connection to MQTT');
        core = await startCore({
          ...{ settings, state, link, curve, rejections, clock, log },
          ownAddress: () => server?.address,
          store: () => store.store,
        });
        return core;
      },
    },
    {
      // When all who want to hear have subscribed; stopped before they end, so that what comes meanwhile waits at the broker.
      name: 'inputs',
      start: async () => {
        await link?.open();
        return { stop: async () => link?.endHearing() };
      },
    },
    {
      name: 'status server',
      start: async () => {
        addMetrics(metrics, statusOf);
        addKafkaMetrics(metrics, () => statusOf().kafka);
        const details = () => ({ ...statusOf(), ...backendKeys(curve) });
        server = await startStatusServer({
          ...{ daemon: NAME, version: VERSION, details, metrics, log },
          boxHealth: async (boxId) => core?.boxHealth(boxId) ?? [],
          ...settings.status,
        });
        return server;
      },
    },
  ]);
  return {
    get endpoints() {
      const address = server?.address;
      return { mqtt: link?.status().broker ?? '', ...(address === undefined ? {} : { status: address }) };
    },
    status: statusOf,
    reload: async (next) => {
      await core?.reload();
      const fields = changedFields(settings.file, next.file);
      if (fields.length > 0) log.warn({ fields }, 'changed settings take effect at the next start');
    },
    stop: () => running.stop(),
  };
}

const lost = (since_ms: number) => ({
  daemon: NAME,
  running: false,
  since_ms,
  reason: 'the connection to the gateway was lost; since_ms is when it began',
});

/** Says that the gateway stops: the broker publishes a last will only for a connection that is lost. */
async function goodbye(link: Link, clock: Clock): Promise<void> {
  const payload = { daemon: NAME, running: false, since_ms: clock.now(), reason: 'it was stopped' };
  const sent = link.publish({
    topic: topicOf('daemon', { daemon: NAME }),
    payload: JSON.stringify(payload),
    retain: true,
  });
  await within(
    sent.catch(() => undefined),
    GOODBYE_MS,
    clock,
  );
}
