/** A thread of a store whose operations go wrong, for thread.test.ts: their names say how. */
import { workerData } from 'node:worker_threads';
import { oneEngine, serve } from '../../../store/sqlite/serve.js';

const { file } = workerData as { file: string };
let failures = 0;
let open = false;

const engine = {
  add: (a: number, b: number): number => a + b,
  fail: (): void => {
    throw new Error('this one fails');
  },
  /** The next commit and so many rollbacks fail, as on a broken disk. */
  breakDisk: (rollbacks: number): void => {
    failures = rollbacks;
  },
  /** Ends the thread, not the process. */
  leave: (): never => process.exit(1),
  /** Throws where nobody catches it. */
  crash: (): void => {
    setImmediate(() => {
      throw new Error('out of order');
    });
  },
  begin: (): void => {
    if (open) throw new Error('cannot start a transaction within a transaction');
    open = true;
  },
  commit: (): void => {
    if (failures > 0) throw new Error('disk I/O error');
    open = false;
  },
  rollback: (): void => {
    if (failures > 0) {
      failures -= 1;
      throw new Error('disk I/O error');
    }
    open = false;
  },
  inTransaction: (): boolean => open,
  close: (): void => undefined,
};
export type OddEngine = typeof engine;

serve(file, () => oneEngine(engine), new Set());
