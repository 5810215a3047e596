/** What only the active one of several gateways does: the outbox, the connection to MQTT, then what follows the store and the daemons. */
import { type Clock, within } from '../common/clock.js';
import { type Running, startAll } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import type { Rejections } from '../common/rejections.js';
import type { GatewaySettings } from '../config/index.js';
import type { StoreLink } from '../daemon/store-link.js';
import type { CurveClientOptions } from '../zmq/curve.js';
import { type Embedded, startEmbedded } from './broker/embedded.js';
import { type Core, startCore } from './core.js';
import { topicOf } from './documents/topics.js';
import type { MeterHealth } from './meters/health.js';
import { connectLink } from './mqtt/client.js';
import type { Link } from './mqtt/link.js';
import { guardedLink } from './standby/guarded.js';
import { sessionFilters } from './state/session-filters.js';
import type { Shared } from './state/shared.js';
import { openState } from './state/state.js';
import type { GatewayStatus } from './status.js';

const NAME = 'gateway';
/** The last message may take so long. */
const GOODBYE_MS = 1000;

export interface ActiveDeps {
  settings: GatewaySettings;
  shared: Shared;
  store: StoreLink;
  curve: CurveClientOptions | undefined;
  /** of our status server; undefined: there is none */
  ownAddress: () => string | undefined;
  rejections: Rejections;
  clock: Clock;
  log: Logger;
}

export interface Active extends Running {
  /** address of the MQTT broker */
  readonly broker: string;
  status(): Omit<GatewayStatus, 'store' | 'nats'>;
  reload(): Promise<void>;
  boxHealth(boxId?: number): MeterHealth[];
  heard: Core['heard'];
}

/** @throws MakaiError as `startGateway` */
export async function startActive(deps: ActiveDeps): Promise<Active> {
  const { clock, curve, log, ownAddress, rejections, settings, shared, store } = deps;
  const state = openState(settings.state, settings.outbox.maxBytes, shared);
  let embedded: Embedded | undefined;
  const started: { link?: Link; core?: Core } = {};
  const running = await startAll([
    { name: 'outbox', start: async () => ({ stop: async () => state.close() }) },
    {
      name: 'mqtt',
      start: async () => {
        let link: Link;
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
        const guarded = guardedLink(link, shared);
        started.link = guarded;
        return {
          stop: async () => {
            if (guarded.status().connected) await goodbye(guarded, clock);
            await guarded.stop();
          },
        };
      },
    },
    {
      name: 'what is published',
      start: async () => {
        const { link } = started;
        if (link === undefined) throw new Error('without a connection to MQTT');
        const core = await startCore({
          ...{ settings, shared, state, link, curve, rejections, ownAddress, clock, log },
          store: () => store.store,
        });
        started.core = core;
        return core;
      },
    },
    {
      // When all who want to hear have subscribed; stopped before they end, so that what comes meanwhile waits at the broker.
      name: 'inputs',
      start: async () => {
        await started.link?.open();
        return { stop: async () => started.link?.endHearing() };
      },
    },
  ]);
  const { core, link } = started;
  if (core === undefined || link === undefined) throw new Error('the gateway was not started');
  return {
    get broker() {
      return link.status().broker;
    },
    status: () => ({
      mqtt: link.status(),
      ...core.status(),
      clients: embedded?.clients,
      refused: { ...rejections.totals(), ...embedded?.refused() },
    }),
    reload: () => core.reload(),
    boxHealth: (boxId) => core.boxHealth(boxId),
    heard: () => core.heard(),
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
