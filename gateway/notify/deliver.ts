/**
 * Sends what is due: one message at a time for each channel of a recipient, so that a channel that hangs holds up no other. A channel that has failed pauses: otherwise
 * each message that waits for it would fail, and wait longer by itself than the channel is unavailable.
 */
import { type Clock, deadline, pause } from '../../common/clock.js';
import { MakaiError, messageOf as reasonOf } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import type { Shared } from '../state/shared.js';
import { send } from './channels/send.js';
import type { NotifyFile, Recipient } from './file.js';
import { canBeListed, digestOf, type Message, messageOf } from './message.js';
import type { Delivery, DeliveryQueue } from './queue.js';
import { quietUntil } from './when.js';

const HOUR_MS = 3_600_000;
const MAX_PAUSE_MS = HOUR_MS;
/** Of a channel: another message may be taken where one is refused for good. */
const MAX_LANE_PAUSE_MS = 60_000;
/** What could not be delivered for so long is given up: in the log and in the status. */
const GIVE_UP_MS = 48 * HOUR_MS;
/** Done deliveries are remembered so long: the same notification is not sent again in this time. */
const REMEMBERED_MS = 90 * 24 * HOUR_MS;
/** The clock may be set: the queue is looked at this often in any case. */
const LONGEST_SLEEP_MS = 30_000;
/** While something is due that was not read, since what was read is long. */
const UNREAD_MS = 1000;
/** Where the disk does not take what became of a message. */
const RECORD_PAUSE_MS = 5000;
/** Another gateway is the active one: this one is about to be stopped. */
const NOT_ACTIVE_MS = 500;

export interface DelivererParts {
  file: () => NotifyFile;
  queue: DeliveryQueue;
  /** PNG of the waveform of an incident; undefined: none */
  picture: (incidentId: number) => Promise<Buffer | undefined>;
  clock: Clock;
  log: Logger;
  /** first pause after a failure; it doubles */
  firstPauseMs: number;
  /** a channel that takes longer has failed */
  sendMs: number;
  shared: Shared;
}

export class Deliverer {
  readonly #parts: DelivererParts;
  /** recipient and channel of what is under way */
  readonly #busy = new Map<string, Promise<void>>();
  /** of channels that have failed: how often since they took a message, and until when they pause (monotonic ms) */
  readonly #paused = new Map<string, { failures: number; untilMs: number }>();
  #cancel = (): void => undefined;
  #stopped = false;
  #forgottenMs = 0;

  constructor(parts: DelivererParts) {
    this.#parts = parts;
  }

  /** Something may be due. */
  wake(): void {
    if (this.#stopped) return;
    const { clock, log, queue } = this.#parts;
    this.#cancel();
    let sleep = LONGEST_SLEEP_MS;
    try {
      const now = clock.now();
      if (now - this.#forgottenMs > HOUR_MS) {
        queue.forget(now - REMEMBERED_MS);
        this.#forgottenMs = now;
      }
      const paused = [...this.#paused].filter(([, { untilMs }]) => untilMs > clock.monotonic());
      for (const [, { untilMs }] of paused) sleep = Math.min(sleep, untilMs - clock.monotonic());
      const except = [...this.#busy.keys(), ...paused.map(([lane]) => lane)];
      for (const [lane, deliveries] of byLane(queue.due(now, except))) {
        const work = this.#lane(deliveries).finally(() => {
          this.#busy.delete(lane);
          this.wake();
        });
        this.#busy.set(lane, work);
      }
      const next = queue.nextMs();
      // What is due and under way wakes us when it is over; another lane may not have been read yet.
      if (next !== undefined) sleep = Math.min(sleep, next > now ? next - now : UNREAD_MS);
    } catch (err) {
      log.error({ err }, 'the queue of deliveries could not be read, it is tried again');
    }
    this.#cancel = clock.after(sleep, () => this.wake());
  }

  /** Waits for what is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await Promise.all(this.#busy.values());
  }

  /** One message of a lane; never rejects. */
  async #lane(deliveries: readonly Delivery[]): Promise<void> {
    const { clock, log, queue, shared } = this.#parts;
    try {
      const [first] = deliveries;
      // What was sent before is known to the next active gateway first.
      if (first === undefined) return;
      if (!(await isCopied(shared))) return await pause(clock, NOT_ACTIVE_MS);
      const recipient = this.#parts.file().recipients.find(({ name }) => name === first.recipient);
      if (recipient?.channels[first.channel] === undefined) {
        queue.failed(
          deliveries,
          'the recipient or its channel is no longer in the file',
          undefined,
          clock.now(),
        );
        return;
      }
      const ready = this.#withinLimits(recipient, deliveries);
      if (ready.length > 0) await this.#send(recipient, ready);
    } catch (err) {
      log.error({ err }, 'a delivery could not be recorded');
      await pause(clock, RECORD_PAUSE_MS);
    }
  }

  /** Those that go out now as one message; the others are held. */
  #withinLimits(recipient: Recipient, deliveries: readonly Delivery[]): readonly Delivery[] {
    const { clock, queue } = this.#parts;
    const now = clock.now();
    const critical = deliveries.find(({ notification: { severity } }) => severity === 'critical');
    if (critical !== undefined) return [critical];
    const [first] = deliveries;
    if (first === undefined) return [];
    const quiet = quietUntil(recipient, now);
    const sent = queue.sentSince(recipient.name, first.channel, now - HOUR_MS);
    const oldest = sent.length >= recipient.per_hour ? sent[sent.length - recipient.per_hour] : undefined;
    const free = oldest === undefined ? now : oldest + HOUR_MS + 1;
    if (Math.max(quiet, free) > now) {
      queue.hold(deliveries, Math.max(quiet, free));
      return [];
    }
    // A batch stays what it was at its first try; what was held goes out together; anything else alone.
    if (first.batch !== undefined) return queue.ofBatch(first.batch);
    const held = deliveries.filter(({ batch, held, notification }) => {
      return held && batch === undefined && canBeListed(notification);
    });
    return first.held && canBeListed(first.notification) && held.length > 1 ? held : [first];
  }

  async #send(recipient: Recipient, deliveries: readonly Delivery[]): Promise<void> {
    const { clock, firstPauseMs, log, queue, sendMs, shared } = this.#parts;
    const [first] = deliveries;
    const channel = first === undefined ? undefined : recipient.channels[first.channel];
    if (first === undefined || channel === undefined) return;
    const message = await this.#message(deliveries);
    // That took a while; and what was joined has its key from now on, whoever sends it again.
    if (!(await isCopied(shared))) return await pause(clock, NOT_ACTIVE_MS);
    try {
      const late = (): Error =>
        new MakaiError('NOTIFY_FAILED', `${channel.type}: no reply in ${sendMs / 1000} s`);
      await deadline(send(channel, message, sendMs), sendMs + 1000, clock, late);
    } catch (err) {
      const tries = Math.max(...deliveries.map((one) => one.tries)) + 1;
      const pauseMs = Math.min(firstPauseMs * 2 ** (tries - 1), MAX_PAUSE_MS);
      const since = Math.min(...deliveries.map(({ created_ms }) => created_ms));
      const isOver = clock.now() - since > GIVE_UP_MS;
      const next = isOver ? undefined : clock.now() + pauseMs;
      queue.failed(deliveries, reasonOf(err), next, clock.now());
      this.#pause(laneOf(first));
      const fields = { recipient: recipient.name, channel: channel.type, tries, err };
      if (isOver) log.error(fields, 'a notification could not be delivered for two days and is given up');
      else if (tries === 1) log.warn(fields, 'a notification could not be delivered, it is tried again');
      return;
    }
    // Until the disk takes it, and once also during a stop: what was sent must not be sent again.
    do {
      try {
        this.#paused.delete(laneOf(first));
        return queue.sent(deliveries, clock.now());
      } catch (err) {
        log.error({ err }, 'that a notification was delivered could not be recorded, it is tried again');
        await pause(clock, RECORD_PAUSE_MS);
      }
    } while (!this.#stopped);
  }

  #pause(lane: string): void {
    const { clock, firstPauseMs } = this.#parts;
    const failures = (this.#paused.get(lane)?.failures ?? 0) + 1;
    const ms = Math.min(firstPauseMs * 2 ** (failures - 1), MAX_LANE_PAUSE_MS);
    this.#paused.set(lane, { failures, untilMs: clock.monotonic() + ms });
  }

  async #message(deliveries: readonly Delivery[]): Promise<Message> {
    const { log, picture, queue } = this.#parts;
    const [first] = deliveries;
    if (first === undefined) throw new Error('nothing to send');
    const notifications = deliveries.map(({ notification }) => notification);
    if (deliveries.length > 1) return digestOf(first.batch ?? queue.join(deliveries), notifications);
    const { incident_id } = first.notification;
    try {
      const found = incident_id === undefined ? undefined : await picture(incident_id);
      return messageOf(first.key, first.notification, found);
    } catch (err) {
      // The message matters more than its picture.
      log.warn({ err, incident_id }, 'a notification goes out without its picture');
      return messageOf(first.key, first.notification);
    }
  }
}

/** False: another gateway is the active one, and sends what waits. */
async function isCopied(shared: Shared): Promise<boolean> {
  try {
    await shared.flushed();
    return shared.mayAct();
  } catch {
    return false;
  }
}

function byLane(deliveries: readonly Delivery[]): Map<string, Delivery[]> {
  const lanes = new Map<string, Delivery[]>();
  for (const delivery of deliveries) {
    const lane = laneOf(delivery);
    lanes.set(lane, [...(lanes.get(lane) ?? []), delivery]);
  }
  return lanes;
}

const laneOf = ({ channel, recipient }: Delivery): string => `${recipient}/${channel}`;
