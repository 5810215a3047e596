/** Starts the gateway: the store, its status, and what only the active one of several gateways does (active.ts). */
import { type Clock, systemClock } from '../common/clock.js';
import { type Running, startAll } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { Metrics } from '../common/metrics/metrics.js';
import { processName } from '../common/process-name.js';
import { Rejections } from '../common/rejections.js';
import { VERSION } from '../common/version.js';
import { changedFields, type GatewaySettings } from '../config/index.js';
import { backendKeys, curveClientOptions } from '../daemon/curve-client.js';
import { type StatusServer, startStatusServer } from '../daemon/status/server.js';
import { StoreLink } from '../daemon/store-link.js';
import { addKafkaMetrics } from '../kafka/metrics.js';
import type { Store } from '../store/store.js';
import { type Active, startActive } from './active.js';
import { readNotifyFile } from './notify/read.js';
import type { Standby, StandbyOptions } from './standby/standby.js';
import { ALONE, type Shared } from './state/shared.js';
import { addMetrics, type GatewayStatus } from './status.js';

const NAME = 'gateway';

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
  let server: StatusServer | undefined;
  let active: Active | undefined;
  const activate = async (shared: Shared): Promise<Running> => {
    const started = await startActive({
      ...{ settings, shared, store, curve, rejections, clock, log },
      ownAddress: () => server?.address,
    });
    active = started;
    return {
      stop: async () => {
        active = undefined;
        await started.stop();
      },
    };
  };
  const standby = await standbyOf(settings, { activate, hears: () => active?.heard(), log });
  const statusOf = (): GatewayStatus | undefined =>
    active && { store: store.status, ...active.status(), ...(standby && { nats: standby.status() }) };
  const details = (): Readonly<Record<string, unknown>> => ({
    ...(statusOf() ?? { store: store.status, ...(standby && { nats: standby.status() }) }),
    ...backendKeys(curve),
  });
  const running = await startAll([
    {
      name: 'store',
      start: async () => {
        await store.start();
        return store;
      },
    },
    {
      name: 'the active gateway',
      start: async () => {
        if (standby === undefined) return activate(ALONE);
        standby.start();
        return standby;
      },
    },
    {
      name: 'status server',
      start: async () => {
        addMetrics(metrics, statusOf, () => standby?.status());
        addKafkaMetrics(metrics, () => statusOf()?.kafka);
        server = await startStatusServer({
          ...{ daemon: NAME, version: VERSION, details, metrics, log },
          boxHealth: async (boxId) => active?.boxHealth(boxId) ?? [],
          ...settings.status,
        });
        return server;
      },
    },
  ]);
  return {
    get endpoints() {
      const address = server?.address;
      return { mqtt: active?.broker ?? '', ...(address === undefined ? {} : { status: address }) };
    },
    status: () => {
      const status = statusOf();
      if (status === undefined) throw new Error('this gateway is not the active one');
      return status;
    },
    reload: async (next) => {
      await active?.reload();
      const fields = changedFields(settings.file, next.file);
      if (fields.length > 0) log.warn({ fields }, 'changed settings take effect at the next start');
    },
    stop: () => running.stop(),
  };
}

/** Nothing of NATS is loaded without its setting. */
async function standbyOf(
  { kafka, nats, notify }: GatewaySettings,
  parts: Pick<StandbyOptions, 'activate' | 'hears' | 'log'>,
): Promise<Standby | undefined> {
  if (nats === undefined) return undefined;
  // Its mistakes are to be known now, and not when this gateway becomes the active one.
  readNotifyFile(notify);
  if (kafka !== undefined) (await import('../kafka/files.js')).checkKafkaFiles(kafka);
  const { Standby } = await import('./standby/standby.js');
  return new Standby({ servers: nats, name: processName(), ...parts });
}
