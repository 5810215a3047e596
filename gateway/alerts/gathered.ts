/**
 * Alerts of many things that happen together: an outage of 100 boxes is one. What comes within the gathering time of the first joins it; what comes later
 * begins another. Each is written when it comes, so that a restart in between loses none.
 */
import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import type { Turn } from '../../common/turn.js';
import type { AlertFields } from '../../store/store.js';
import type { Ledger } from './ledger.js';

export interface Item {
  /** unique, such as `incident 17` */
  member: string;
  boxId: string;
  alert: Omit<AlertFields, 'box_ids' | 'members' | 'open_members' | 'state'>;
}

export interface GatherParts {
  rule: string;
  ledger: Ledger;
  /** of all that changes alerts */
  turn: Turn;
  gatherMs: number;
  clock: Clock;
  log: Logger;
  /** title and body for these boxes */
  describe(alert: AlertFields): Pick<AlertFields, 'title' | 'body'>;
}

const RETRY_MS = 5000;

export class Gathered {
  readonly #parts: GatherParts;
  readonly #timers = new Map<string, () => void>();
  #stopped = false;

  constructor(parts: GatherParts) {
    this.#parts = parts;
  }

  /** Alerts that were pending when the gateway stopped fire when their time is over. */
  async resume(): Promise<void> {
    for (const alert of await this.#parts.ledger.openOf(this.#parts.rule))
      if (alert.state === 'pending') this.#arm(alert.alert_id, this.#parts.gatherMs);
  }

  /** Something began. The same again changes nothing, also when it is over. */
  async begin({ alert, boxId, member }: Item): Promise<void> {
    const { gatherMs, ledger, rule } = this.#parts;
    if (await ledger.isKnown(member)) return;
    const waiting = (await ledger.openOf(rule)).find(
      (one) => one.state === 'pending' && sameCause(one, alert),
    );
    const base: AlertFields = waiting ?? {
      ...alert,
      state: 'pending',
      box_ids: [],
      members: [],
      open_members: [],
    };
    const joined: AlertFields = {
      ...base,
      box_ids: [...new Set([...base.box_ids, boxId])],
      members: [...base.members, member],
      open_members: [...base.open_members, member],
    };
    await ledger.put({ ...joined, ...this.#parts.describe(joined) });
    if (waiting === undefined) this.#arm(alert.alert_id, gatherMs);
  }

  /** Something is over: the alert is, when the last of its members is. */
  async end(member: string): Promise<void> {
    const { ledger, rule } = this.#parts;
    const alert = (await ledger.openOf(rule)).find(({ open_members }) => open_members.includes(member));
    if (alert === undefined) return;
    const rest = alert.open_members.filter((one) => one !== member);
    if (rest.length > 0 || alert.state === 'pending') await ledger.put({ ...alert, open_members: rest });
    else await ledger.resolve(alert);
  }

  /** Ends what went on when the gateway stopped, and is over now. */
  async endAll(isOver: (member: string) => Promise<boolean>): Promise<void> {
    const { ledger, rule } = this.#parts;
    for (const { open_members } of await ledger.openOf(rule))
      for (const member of open_members) if (await isOver(member)) await this.end(member);
  }

  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #arm(alertId: string, ms: number): void {
    if (this.#stopped) return;
    this.#timers.get(alertId)?.();
    const cancel = this.#parts.clock.after(ms, () => {
      this.#timers.delete(alertId);
      void this.#parts.turn
        .run(() => this.#fire(alertId))
        .catch((err: unknown) => {
          this.#parts.log.warn({ alert: alertId, err }, 'an alert could not be made, it is tried again');
          this.#arm(alertId, RETRY_MS);
        });
    });
    this.#timers.set(alertId, cancel);
  }

  async #fire(alertId: string): Promise<void> {
    const { ledger, rule } = this.#parts;
    const alert = (await ledger.openOf(rule)).find((one) => one.alert_id === alertId);
    if (alert === undefined || alert.state !== 'pending') return;
    await ledger.fire(alert, alert.open_members.length === 0);
  }
}

/** The part of a key before the box. */
function sameCause(a: Pick<AlertFields, 'key'>, b: Pick<AlertFields, 'key'>): boolean {
  return a.key.slice(0, a.key.lastIndexOf('/')) === b.key.slice(0, b.key.lastIndexOf('/'));
}
