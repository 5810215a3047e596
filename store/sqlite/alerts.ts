/** Alerts, and the filters and rules in force. */
import type { AlertDocument, AlertFields, AlertMarks, AlertQuery, RulesDocument } from '../documents.js';
import type { Context } from './context.js';
import type { Row } from './values.js';

/** In `documents`. */
const RULES = 'makai_rules';

export function alertOperations({ db, write }: Context) {
  const put = db.prepare<[string, string, number, number | null, string]>(
    `INSERT INTO alerts (alert_id, key, started_ms, resolved_ms, document) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (alert_id) DO UPDATE SET resolved_ms = excluded.resolved_ms, document = excluded.document`,
  );
  const mark = db.prepare<[string, string]>(
    'UPDATE alerts SET marks = json_patch(marks, ?) WHERE alert_id = ?',
  );
  const one = db.prepare<[string], Row>('SELECT document, marks FROM alerts WHERE alert_id = ?');
  const several = db.prepare<
    [{ open: number; key: string | null; from: number; before: number; limit: number }],
    Row
  >(
    `SELECT document, marks FROM alerts WHERE (:open = 0 OR resolved_ms IS NULL) AND (:key IS NULL OR key = :key) AND (resolved_ms IS NULL OR resolved_ms >= :from) AND started_ms < :before
     ORDER BY started_ms DESC, alert_id DESC LIMIT +:limit`,
  );
  const remove = db.prepare<[number]>('DELETE FROM alerts WHERE resolved_ms < ?');
  const rules = db.prepare<[string], string>('SELECT body FROM documents WHERE name = ?').pluck(true);
  const putRules = db.prepare<[string, string]>(
    'INSERT INTO documents VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body',
  );
  return {
    putAlert: (alert: AlertFields): void => {
      const { alert_id, key, resolved_ms, started_ms } = alert;
      put.run(alert_id, key, started_ms, resolved_ms ?? null, JSON.stringify(alert));
    },
    markAlert: (id: string, marks: AlertMarks): boolean =>
      write(() => mark.run(JSON.stringify(marks), id).changes === 1),
    alert: (id: string): AlertDocument | undefined => {
      const row = one.get(id);
      return row === undefined ? undefined : alertOf(row);
    },
    alerts: ({
      beforeMs = Number.MAX_SAFE_INTEGER,
      fromMs = 0,
      key,
      limit,
      open = false,
    }: AlertQuery): AlertDocument[] =>
      several
        .all({ ...{ open: open ? 1 : 0, key: key ?? null, limit }, ...{ from: fromMs, before: beforeMs } })
        .map(alertOf),
    removeAlerts: (resolvedBeforeMs: number): number => remove.run(resolvedBeforeMs).changes,
    rules: (): RulesDocument | undefined => {
      const body = rules.get(RULES);
      return body === undefined ? undefined : (JSON.parse(body) as RulesDocument);
    },
    putRules: (document: RulesDocument): void => {
      putRules.run(RULES, JSON.stringify(document));
    },
  };
}

function alertOf({ document, marks }: Row): AlertDocument {
  return {
    ...(JSON.parse(String(document)) as AlertFields),
    ...(JSON.parse(String(marks)) as AlertMarks),
  };
}
