/** From a write, as a value or as its bytes, to the operation of its kind. */
import type { Stored } from '../documents.js';
import { decodeWrite } from '../write-codec.js';
import { STORED, type Write } from '../writes.js';
import type { aggregateOperations } from './aggregates.js';
import type { documentOperations } from './documents.js';
import type { eventOperations } from './events.js';
import type { measurementOperations } from './measurements.js';
import type { trendOperations } from './trends.js';

type Operations = Pick<ReturnType<typeof measurementOperations>, 'insertMeasurements'> &
  Pick<ReturnType<typeof trendOperations>, 'putTrends'> &
  Pick<ReturnType<typeof aggregateOperations>, 'computeTrends'> &
  Pick<ReturnType<typeof eventOperations>, 'insertEvent' | 'addTriggeredBoxes' | 'putBoxEvent'> &
  Pick<
    ReturnType<typeof documentOperations>,
    'insertMetrics' | 'insertHealth' | 'putOpenRequest' | 'removeOpenRequest'
  >;

export function applyOperation(to: Operations) {
  const applied = (write: Write, nowMs: number): Stored => {
    const at = write.acceptedAtMs ?? nowMs;
    switch (write.kind) {
      case 'measurements':
        return to.insertMeasurements(write.columns, at);
      case 'trends':
        to.putTrends(write.trends, at);
        return { inserted: write.trends.length, duplicates: 0 };
      case 'trend_windows': {
        const trends = to.computeTrends(write.windows, nowMs).filter((trend) => trend !== undefined);
        to.putTrends(trends, at);
        return { inserted: trends.length, duplicates: 0 };
      }
      case 'event':
        return to.insertEvent(write.event, at);
      case 'triggered_boxes':
        to.addTriggeredBoxes(write.eventId, write.boxIds);
        return STORED;
      case 'box_event':
        return to.putBoxEvent(write.boxEvent, write.samples, write.acceptedAtMs);
      case 'open_request':
        to.putOpenRequest(write.request);
        return STORED;
      case 'closed_request':
        to.removeOpenRequest(write.key);
        return STORED;
      case 'metrics':
        to.insertMetrics(write.document, at);
        return STORED;
      case 'health':
        to.insertHealth(write.finding);
        return STORED;
    }
  };
  return {
    write: (write: Write | Uint8Array, nowMs: number): Stored =>
      applied(write instanceof Uint8Array ? decodeWrite(write) : write, nowMs),
  };
}
