/** Why a box is not heard, as far as the brokers' side can know it: the causes of docs/troubleshooting.md. */
import type { BoxHealthRecord } from '../box-health/read.js';

/** What is known of one box. */
export interface KnownBox {
  id: string;
  /** a key of it may connect */
  certified: boolean;
  /** it has a record in the store; undefined: the store could not be read */
  recorded: boolean | undefined;
  /** by its record */
  unplugged: boolean;
  health: BoxHealthRecord | undefined;
}

/** What is known of connections that cannot be assigned to a box. */
export interface Strangers {
  /** addresses of connections with another server key */
  wrongServerKey: readonly string[];
  /** of keys that were refused */
  refusedKeys: readonly string[];
  /** ids whose measurements the triggering service drops, because no certificate names them */
  refusedIds: ReadonlySet<string>;
  /** brokers that reply: without them nothing is known of connections */
  brokers: { measurements: boolean; commands: boolean };
}

/** A box that sends is heard several times a second or once a second, ms. */
export const HEARD_MS = 60_000;
const LISTED = 3;

/** @returns undefined for a box that is heard and accepted, or that need not be heard */
export function whyNot(box: KnownBox, strangers: Strangers, nowMs: number): string | undefined {
  const { certified, health, id, unplugged } = box;
  const stream = health?.stream;
  const isHeard = stream !== undefined && nowMs - stream.heard_ms <= HEARD_MS;
  if (isHeard) return whyDropped(box);
  if (unplugged) return undefined;
  if (!certified) {
    if (strangers.refusedIds.has(id)) return 'not registered: it sends, but no certificate names its id';
    return `not registered: no key of it may connect${maybe('refused keys', strangers.refusedKeys)}`;
  }
  return whyNotConnected(box, strangers);
}

/** A box that is heard, of which nothing is accepted. */
function whyDropped({ health }: KnownBox): string | undefined {
  const { dropped, measurements, per_second } = health?.stream ?? {};
  if (dropped === undefined || (measurements ?? 0) > 0) {
    const isStopped =
      per_second === 0 && dropped !== undefined && dropped.time_in_the_future + dropped.time_too_old > 0;
    return isStopped ? clockText(dropped) : undefined;
  }
  if (dropped.time_in_the_future + dropped.time_too_old > 0) return clockText(dropped);
  return 'heard, but nothing of it is accepted: makai status --all shows what is dropped';
}

function clockText(dropped: { time_in_the_future: number; time_too_old: number }): string {
  return `clock: ${dropped.time_in_the_future} of its measurements are more than 5 min ahead, ${dropped.time_too_old} more than 24 h old`;
}

function whyNotConnected({ health }: KnownBox, strangers: Strangers): string {
  const { brokers, refusedKeys, wrongServerKey } = strangers;
  const isOpen = (connections: BoxHealthRecord['command_connections']): boolean =>
    (connections?.open ?? 0) > 0;
  const addresses = [health?.measurement_connections, health?.command_connections].flatMap((connections) =>
    (connections?.addresses ?? []).map(({ address }) => address),
  );
  if (brokers.measurements) {
    if (isOpen(health?.measurement_connections)) return 'connected, but it sends nothing';
    // A box that connects to one of the brokers has our key, whoever else is behind its address.
    if (
      isOpen(health?.command_connections) ||
      (health?.measurement_connections === undefined && health?.command_connections !== undefined)
    )
      return 'wrong port or blocked: it connects to the acquisition broker only, so not to the port of `interface`';
  }
  const known = addresses.find((address) => wrongServerKey.includes(address));
  if (known !== undefined) return `wrong server key: ${known} has another one than ours`;
  if (!brokers.measurements) return 'not known: the triggering broker does not reply';
  if (health?.measurement_connections !== undefined)
    return 'was connected: no power, no network, or its program has stopped';
  return `no connection: no power or network, wrong address or port, or blocked${maybe('wrong server key', wrongServerKey)}${maybe('refused keys', refusedKeys)}`;
}

function maybe(what: string, addresses: readonly string[]): string {
  if (addresses.length === 0) return '';
  const distinct = [...new Set(addresses)];
  return `; or it is one of these (${what}): ${distinct.slice(0, LISTED).join(', ')}${distinct.length > LISTED ? ' and more' : ''}`;
}
