/** Boxes, configuration documents, metrics, health findings and open requests. */

import { nameTaken } from '../boxes.js';
import type {
  BoxDocument,
  BoxHealthQuery,
  HealthDocument,
  LahaConfigDocument,
  MakaiConfigDocument,
  MetricsDocument,
  OpenRequest,
} from '../documents.js';
import type { Context } from './context.js';

export function documentOperations({ db, write }: Context) {
  const allBoxes = db
    .prepare<[], string>('SELECT document FROM boxes ORDER BY length(box_id), box_id')
    .pluck(true);
  const oneBox = db.prepare<[string], string>('SELECT document FROM boxes WHERE box_id = ?').pluck(true);
  const putBox = db.prepare<[string, string | null, string]>(
    `INSERT INTO boxes VALUES (?, ?, ?)
     ON CONFLICT (box_id) DO UPDATE SET name = excluded.name, document = excluded.document`,
  );
  const ownerOf = db
    .prepare<[string, string], string>('SELECT box_id FROM boxes WHERE name = ? AND box_id <> ?')
    .pluck(true);
  const addBox = db.prepare<[string, string | null, string]>(
    'INSERT INTO boxes VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const removeBox = db.prepare<[string]>('DELETE FROM boxes WHERE box_id = ?');
  const document = db.prepare<[string], string>('SELECT body FROM documents WHERE name = ?').pluck(true);
  const putDocument = db.prepare<[string, string]>(
    'INSERT INTO documents VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body',
  );
  // A spool may repeat a write: the same row at the same time is one.
  const insertMetrics = db.prepare(
    `INSERT INTO metrics (stored_ms, name, bytes, sent, recv) SELECT :at, :name, :bytes, :sent, :recv
     WHERE NOT EXISTS (SELECT 1 FROM metrics WHERE stored_ms = :at AND name = :name AND bytes IS :bytes AND sent IS :sent AND recv IS :recv)`,
  );
  const insertHealth = db.prepare(
    `INSERT INTO health (timestamp_ms, service, service_id, status, info) SELECT :at, :service, :serviceID, :status, :info
     WHERE NOT EXISTS (SELECT 1 FROM health WHERE timestamp_ms = :at AND service = :service AND service_id = :serviceID
       AND status = :status AND info = :info)`,
  );
  const boxHealth = (order: 'ASC' | 'DESC') =>
    db.prepare<[{ boxId: string; from: number; to: number; limit: number }], HealthRow>(
      `SELECT timestamp_ms, service, service_id, status, info FROM health
       WHERE service = 'BOX' AND info <> '' AND service_id = :boxId AND timestamp_ms >= :from AND timestamp_ms < :to
       ORDER BY timestamp_ms ${order}, info ${order} LIMIT +:limit`,
    );
  const [oldestHealth, newestHealth] = [boxHealth('ASC'), boxHealth('DESC')];
  const putRequest = db.prepare<[string, string]>(
    'INSERT INTO open_requests (key, body) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET body = excluded.body',
  );
  const removeRequest = db.prepare<[string]>('DELETE FROM open_requests WHERE key = ?');
  const requests = db.prepare<[], OpenRequest>('SELECT key, body FROM open_requests ORDER BY request_id');

  return {
    boxes: (): BoxDocument[] => allBoxes.all().map((body) => JSON.parse(body) as BoxDocument),
    box: (boxId: string): BoxDocument | undefined => parsed<BoxDocument>(oneBox.get(boxId)),
    putBox: (box: BoxDocument): void => {
      write(() => {
        const other = box.name === undefined ? undefined : ownerOf.get(box.name, box.box_id);
        if (other !== undefined) throw nameTaken(box, other);
        putBox.run(box.box_id, box.name ?? null, JSON.stringify(box));
      });
    },
    addBox: (box: BoxDocument): boolean =>
      addBox.run(box.box_id, box.name ?? null, JSON.stringify(box)).changes === 1,
    removeBox: (boxId: string): boolean => removeBox.run(boxId).changes === 1,

    makaiConfig: () => parsed<MakaiConfigDocument>(document.get('makai_config')),
    putMakaiConfig: (body: MakaiConfigDocument): void => {
      putDocument.run('makai_config', JSON.stringify(body));
    },
    lahaConfig: () => parsed<LahaConfigDocument>(document.get('laha_config')),

    insertMetrics: (metrics: MetricsDocument, nowMs: number): void => {
      insertMetrics.run({ at: nowMs, bytes: null, sent: null, recv: null, ...metrics });
    },
    insertHealth: ({ timestamp, ...finding }: HealthDocument): void => {
      insertHealth.run({ at: timestamp.getTime(), ...finding });
    },

    boxHealth: ({ boxId, descending, fromMs = 0, limit, toMs = Number.MAX_SAFE_INTEGER }: BoxHealthQuery) =>
      (descending ? newestHealth : oldestHealth)
        .all({ ...{ boxId, limit }, ...{ from: fromMs, to: toMs } })
        .map(
          ({ info, service, service_id, status, timestamp_ms }): HealthDocument => ({
            timestamp: new Date(timestamp_ms),
            ...{ service, serviceID: service_id, status, info },
          }),
        ),

    putOpenRequest: ({ key, body }: OpenRequest): void => {
      putRequest.run(key, body);
    },
    removeOpenRequest: (key: string): void => {
      removeRequest.run(key);
    },
    openRequests: (): OpenRequest[] => requests.all(),
  };
}

interface HealthRow {
  timestamp_ms: number;
  service: string;
  service_id: string;
  status: HealthDocument['status'];
  info: string;
}

function parsed<T>(body: string | undefined): T | undefined {
  return body === undefined ? undefined : (JSON.parse(body) as T);
}
