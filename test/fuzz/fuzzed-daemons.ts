/** Settings of the fuzzed daemons: without limits that would drop inputs before they are decoded. */
import type { Kind } from '../../config/index.js';

export const FUZZED_DAEMONS: readonly { kind: Kind; change: Record<string, unknown> }[] = [
  { kind: 'triggering-broker', change: {} },
  {
    kind: 'acquisition-broker',
    change: {
      limits: { requests_per_second: 100_000, requests_burst: 1_000_000 },
    },
  },
  {
    kind: 'triggering-service',
    change: {
      zmq_trigger_endpoint: 'tcp://127.0.0.1:*',
      plugins: [],
      limits: { measurements_per_second: 100_000, measurements_burst: 10_000_000 },
    },
  },
];
