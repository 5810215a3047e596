/** The thread of one SQLite store. */
import { workerData } from 'node:worker_threads';
import { type EngineFile, reopeningEngine } from './engines.js';
import { READS } from './reads.js';
import { serve } from './serve.js';

const file = workerData as EngineFile;

serve(file.file, () => reopeningEngine(file), READS);
