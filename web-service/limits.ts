/** How much of each expensive thing the web service does at the same time. */
import { Limit } from '../common/limit.js';

export function createLimits() {
  return {
    charts: new Limit('charts', 4, 200),
    exports: new Limit('exports', 3, 10),
    reports: new Limit('reports', 1, 5),
    requests: new Limit('event requests', 8, 50),
    /** each looks into the store five times a second */
    followed: new Limit('event requests that are followed', 60, 0),
    changes: new Limit('changes', 1, 100),
    doctor: new Limit('diagnoses', 1, 2),
    waveforms: new Limit('waveforms', 4, 400),
  };
}
export type Limits = ReturnType<typeof createLimits>;
