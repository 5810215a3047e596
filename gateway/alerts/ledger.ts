/**
 * Alerts in the store, and those that are open in memory. An alert is written as pending or firing only after what is to be notified of it is durable, so that a
 * crash repeats a notification with the same id (which the notifier then knows) and loses none.
 */
import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import type { AlertDocument, AlertFields, AlertRegistry } from '../../store/store.js';
import type { Notification } from '../notify/notification.js';

export interface LedgerParts {
  store: () => AlertRegistry;
  notify: (notification: Notification) => Promise<void>;
  link: (page: string) => string;
  clock: Clock;
  log: Logger;
}

/** Alerts read at the start. */
const MAX_OPEN = 10_000;
/** Read at a time, and in all, to find what is over. */
const OVER = { page: 1000, alerts: 50_000 };
/** What is over, and is remembered. */
const MAX_OVER = 200_000;

export class Ledger {
  /** by id */
  readonly #open = new Map<string, AlertFields>();
  readonly #parts: LedgerParts;
  #loaded: Promise<void> | undefined;
  /** members of resolved alerts, the oldest first */
  readonly #over = new Set<string>();
  readonly counts = { fired: 0, resolved: 0, silenced: 0 };

  constructor(parts: LedgerParts) {
    this.#parts = parts;
  }

  get open(): number {
    return this.#open.size;
  }

  /** Open alerts of a rule. @throws MakaiError STORE_UNAVAILABLE until the store could be read once */
  async openOf(rule: string): Promise<AlertFields[]> {
    await this.#load();
    return [...this.#open.values()].filter((alert) => alert.rule === rule);
  }

  /** Whether a member is, or was, in an alert. */
  async isKnown(member: string): Promise<boolean> {
    await this.#load();
    if (this.#over.has(member)) return true;
    return [...this.#open.values()].some(({ members }) => members.includes(member));
  }

  /** The alert as stored, also a resolved one. */
  async find(alertId: string): Promise<AlertDocument | undefined> {
    await this.#load();
    return this.#parts.store().alert(alertId);
  }

  /** Writes an alert without notifying. */
  async put(alert: AlertFields): Promise<void> {
    await this.#parts.store().putAlert(alert);
    if (alert.state === 'resolved') {
      this.#open.delete(alert.alert_id);
      this.#remember(alert);
    } else this.#open.set(alert.alert_id, alert);
  }

  /** Notifies, then writes it as firing. @param isOver it is over already: nobody is notified of its end */
  async fire(alert: AlertFields, isOver = false): Promise<void> {
    await this.#load();
    const now = this.#parts.clock.now();
    const silence = await this.#silence(alert, now);
    const fired: AlertFields = { ...alert, state: 'firing', fired_ms: alert.fired_ms ?? now };
    if (silence === undefined) await this.#parts.notify(this.#notification(fired, 'firing'));
    else this.counts.silenced += 1;
    await this.put(isOver ? { ...fired, state: 'resolved', resolved_ms: now } : fired);
    if (silence !== undefined) await this.#parts.store().markAlert(alert.alert_id, silence);
    this.counts.fired += 1;
    this.#parts.log.info({ alert: alert.alert_id, severity: alert.severity, title: alert.title }, 'alert');
  }

  /** Notifies that it is over, then writes it as resolved. One that was pending ends without a word. */
  async resolve(alert: AlertFields): Promise<void> {
    await this.#load();
    const now = this.#parts.clock.now();
    const resolved: AlertFields = { ...alert, state: 'resolved', resolved_ms: now, open_members: [] };
    if (alert.state === 'firing' && (await this.#silence(alert, now)) === undefined)
      await this.#parts.notify(this.#notification(resolved, 'resolved'));
    await this.put(resolved);
    this.counts.resolved += 1;
  }

  /** Whether it is silenced: itself, or the last alert of the same cause. */
  async #silence(
    { alert_id, key }: AlertFields,
    now: number,
  ): Promise<Pick<AlertDocument, 'silenced_until_ms' | 'silenced_by'> | undefined> {
    const store = this.#parts.store();
    const [own, [last]] = [await store.alert(alert_id), await store.alerts({ key, limit: 1 })];
    for (const one of [own, last]) {
      const { silenced_by, silenced_until_ms } = one ?? {};
      if (silenced_until_ms === undefined) continue;
      if (silenced_until_ms <= now) return undefined;
      return { silenced_until_ms, ...(silenced_by === undefined ? {} : { silenced_by }) };
    }
    return undefined;
  }

  #notification(alert: AlertFields, state: 'firing' | 'resolved'): Notification {
    const isOver = state === 'resolved';
    return {
      id: `${alert.alert_id}:${state}`,
      title: isOver ? `Over: ${alert.title}` : alert.title,
      body: alert.body,
      notify_type: isOver ? 'success' : NOTIFY_TYPE[alert.severity],
      tag: [...alert.notify],
      severity: alert.severity,
      link: this.#parts.link(alert.page),
      ...(alert.incident_id === undefined || isOver ? {} : { incident_id: alert.incident_id }),
    };
  }

  #load(): Promise<void> {
    this.#loaded ??= this.#read().catch((error: unknown) => {
      this.#loaded = undefined;
      throw error;
    });
    return this.#loaded;
  }

  async #read(): Promise<void> {
    const store = this.#parts.store();
    const resolved: AlertDocument[] = [];
    for (let beforeMs = Number.MAX_SAFE_INTEGER, read = 0; read < OVER.alerts; ) {
      const page = await store.alerts({ limit: OVER.page, beforeMs });
      resolved.push(...page.filter(({ members, state }) => state === 'resolved' && members.length > 0));
      read += page.length;
      const last = page.at(-1);
      if (last === undefined || page.length < OVER.page) break;
      // Several may have begun in the same millisecond: those are read twice rather than not at all.
      beforeMs = Math.min(last.started_ms + 1, beforeMs - 1);
    }
    for (const alert of resolved.reverse()) this.#remember(alert);
    for (const alert of await store.alerts({ open: true, limit: MAX_OPEN }))
      this.#open.set(alert.alert_id, fieldsOf(alert));
  }

  #remember({ members }: Pick<AlertFields, 'members'>): void {
    for (const member of members) this.#over.add(member);
    for (const member of this.#over) {
      if (this.#over.size <= MAX_OVER) return;
      this.#over.delete(member);
    }
  }
}

const NOTIFY_TYPE = { notice: 'info', warning: 'warning', critical: 'failure' } as const;

/** Without the marks of people. */
function fieldsOf(alert: AlertDocument): AlertFields {
  const { acknowledged_by, acknowledged_ms, silenced_by, silenced_until_ms, ...fields } = alert;
  return fields;
}
