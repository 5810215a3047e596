/** The thread of one spool. */
import { workerData } from 'node:worker_threads';
import { oneEngine, serve } from '../sqlite/serve.js';
import { openSpoolEngine, type SpoolEngine, type SpoolLimits } from './engine.js';

const READS: ReadonlySet<string> = new Set<keyof SpoolEngine>([
  'oldest',
  'windows',
  'openRequests',
  'recall',
  'rowsOfEvent',
  'queuedLines',
  'totals',
  'shrink',
]);

const { file, limits } = workerData as { file: string; limits: SpoolLimits };
serve(file, () => oneEngine(openSpoolEngine(file, limits)), READS);
