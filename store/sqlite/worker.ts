/** The thread of one SQLite store. */
import { workerData } from 'node:worker_threads';
import type { Retention } from '../documents.js';
import { type Engine, openEngine } from './engine.js';
import { serve } from './serve.js';

const READS: ReadonlySet<string> = new Set<keyof Engine>([
  'measurementPage',
  'computeTrends',
  'trendPage',
  'event',
  'eventPage',
  'boxEvents',
  'waveform',
  'boxes',
  'box',
  'makaiConfig',
  'lahaConfig',
  'openRequests',
  'newestByBox',
  'boxIdsWithData',
  'orphanedEvents',
]);

const { file, retention } = workerData as { file: string; retention: Retention };
serve(file, () => openEngine(file, retention), READS);
