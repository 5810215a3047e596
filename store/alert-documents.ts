/** Alerts of the gateway, and the file of filters and rules, as documents. */

/** What the gateway says of an alert. */
export interface AlertFields {
  /** unique, and the same however often the same thing is found */
  alert_id: string;
  /** what it is about: the same for each alert of one cause, one after the other */
  key: string;
  /** such as `incident`, `outage`, `finding`, `daemon`, `disk`, or `rule` and the rule's topic */
  rule: string;
  severity: 'notice' | 'warning' | 'critical';
  state: 'pending' | 'firing' | 'resolved';
  /** one sentence */
  title: string;
  body: string;
  box_ids: string[];
  /** what was put together in it, such as `incident 17` */
  members: string[];
  /** those of them that go on */
  open_members: string[];
  /** whom to notify: tags of recipients */
  notify: string[];
  /** Unix ms */
  started_ms: number;
  fired_ms?: number;
  resolved_ms?: number;
  /** path of the page that shows it */
  page: string;
  event_id?: number;
  incident_id?: number;
  /** message of a rule: topic, or empty */
  subject?: string;
}

/** What people say of it. */
export interface AlertMarks {
  acknowledged_ms?: number;
  acknowledged_by?: string;
  /** nobody is notified until then, Unix ms; 0: no longer silenced */
  silenced_until_ms?: number;
  silenced_by?: string;
}

/** *ours*: an alert. */
export type AlertDocument = AlertFields & AlertMarks;

export interface AlertQuery {
  /** true: only those that are not resolved */
  open?: boolean;
  /** of this key alone */
  key?: string;
  /** those that were not over before, Unix ms: they go on, or were resolved then or later */
  fromMs?: number;
  /** those that started before, Unix ms */
  beforeMs?: number;
  limit: number;
}

/** *ours*: the filters and rules in force. */
export interface RulesDocument {
  /** the file, as JSON; the language is that of rules/ */
  file: unknown;
  /** Unix ms */
  changed_ms: number;
  changed_by: string;
}
