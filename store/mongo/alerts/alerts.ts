/** Alerts (`makai_alerts`), and the filters and rules in force (`makai_rules`): ours alone. */
import type { Document } from 'mongodb';
import type { AlertDocument, AlertFields, AlertMarks, RulesDocument } from '../../documents.js';
import type { AlertRegistry, RuleRegistry } from '../../store.js';
import { type Context, collection } from '../connection/context.js';
import { mapped } from '../connection/errors.js';
import { defined, int64, numberOf, textOf } from '../fields/bson.js';

const TIMES = ['started_ms', 'fired_ms', 'resolved_ms', 'acknowledged_ms', 'silenced_until_ms'] as const;
/** Of an alert, which the gateway may leave out of a later version of it. */
const OPTIONAL = ['fired_ms', 'resolved_ms', 'event_id', 'incident_id', 'subject'] as const;
const RULES = { name: 'rules' };

export function alertRegistry(context: Context): AlertRegistry & RuleRegistry {
  const alerts = collection(context, 'alerts');
  const rules = collection(context, 'rules');
  return {
    putAlert: async (alert) => {
      const { alert_id, ...fields } = withTimes(alert);
      const absent = OPTIONAL.filter((name) => alert[name] === undefined);
      const $unset = Object.fromEntries(absent.map((name) => [name, '']));
      const update = { $set: defined(fields), ...(absent.length > 0 ? { $unset } : {}) };
      await mapped('store an alert', () => alerts.updateOne({ alert_id }, update, { upsert: true }));
    },
    markAlert: async (alert_id, marks) => {
      const $set = defined({ ...withTimes(marks) });
      if (Object.keys($set).length === 0)
        return (await mapped('read an alert', () => alerts.findOne({ alert_id }))) !== null;
      const { matchedCount } = await mapped('mark an alert', () => alerts.updateOne({ alert_id }, { $set }));
      return matchedCount === 1;
    },
    alert: async (alert_id) => {
      const found = await mapped('read an alert', () => alerts.findOne({ alert_id }));
      return found === null ? undefined : alertOf(found);
    },
    alerts: async ({ beforeMs, fromMs, key, limit, open = false }) => {
      const notOver = fromMs === undefined || open ? undefined : { $gte: int64(fromMs) };
      const filter = {
        ...(open ? { resolved_ms: null } : {}),
        ...(notOver === undefined ? {} : { $or: [{ resolved_ms: null }, { resolved_ms: notOver }] }),
        ...(key === undefined ? {} : { key }),
        ...(beforeMs === undefined ? {} : { started_ms: { $lt: int64(beforeMs) } }),
      };
      const found = await mapped('read the alerts', () =>
        alerts.find(filter).sort({ started_ms: -1, alert_id: -1 }).limit(limit).toArray(),
      );
      return found.map(alertOf);
    },
    removeAlerts: async (resolvedBeforeMs) => {
      const filter = { resolved_ms: { $lt: int64(resolvedBeforeMs) } };
      return (await mapped('remove alerts', () => alerts.deleteMany(filter))).deletedCount;
    },
    rules: async () => {
      const found = await mapped('read the rules', () => rules.findOne(RULES));
      return found === null ? undefined : rulesOf(found);
    },
    putRules: async ({ changed_by, changed_ms, file }) => {
      // As text: names in it may have dots and dollar signs, which have a meaning in a document.
      const $set = { file: JSON.stringify(file), changed_ms: int64(changed_ms), changed_by };
      await mapped('store the rules', () => rules.updateOne(RULES, { $set }, { upsert: true }));
    },
  };
}

function withTimes<T extends object>(fields: T): T {
  const times = Object.entries(fields).filter(([name]) => TIMES.some((time) => time === name));
  const converted = times.map(([name, value]) => [name, typeof value === 'number' ? int64(value) : value]);
  return { ...fields, ...Object.fromEntries(converted) };
}

function rulesOf({ changed_by, changed_ms, file }: Document): RulesDocument {
  return {
    file: JSON.parse(textOf(file) ?? '{}'),
    changed_ms: numberOf(changed_ms) ?? 0,
    changed_by: textOf(changed_by) ?? '',
  };
}

function alertOf(document: Document): AlertDocument {
  const text = (name: string): string => textOf(document[name]) ?? '';
  const list = (name: string): string[] =>
    Array.isArray(document[name]) ? (document[name] as unknown[]).map(String) : [];
  const optional = (name: string): number | undefined => numberOf(document[name]);
  const severity = text('severity');
  const state = text('state');
  const fields: AlertFields & AlertMarks = {
    alert_id: text('alert_id'),
    key: text('key'),
    rule: text('rule'),
    severity: severity === 'critical' || severity === 'notice' ? severity : 'warning',
    state: state === 'pending' || state === 'resolved' ? state : 'firing',
    title: text('title'),
    body: text('body'),
    box_ids: list('box_ids'),
    members: list('members'),
    open_members: list('open_members'),
    notify: list('notify'),
    started_ms: optional('started_ms') ?? 0,
    page: text('page'),
  };
  const more: Partial<AlertDocument> = {
    fired_ms: optional('fired_ms'),
    resolved_ms: optional('resolved_ms'),
    event_id: optional('event_id'),
    incident_id: optional('incident_id'),
    subject: textOf(document.subject),
    acknowledged_ms: optional('acknowledged_ms'),
    acknowledged_by: textOf(document.acknowledged_by),
    silenced_until_ms: optional('silenced_until_ms'),
    silenced_by: textOf(document.silenced_by),
  } as Partial<AlertDocument>;
  return { ...fields, ...defined(more) };
}
