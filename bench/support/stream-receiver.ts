/**
 * A program: the triggering service with a store that accepts everything immediately (storage off), or a bare loop that receives and
 * counts. Arguments: `bare`, or plugins separated by commas (or `none`, or `checked`: none, and ids need a certificate); endpoint.
 * Prints `ready`. Each line on stdin is a count: when that number of messages has arrived, it prints one line of JSON.
 */
import { createInterface } from 'node:readline';
import { Subscriber } from 'zeromq';
import { silentLogger } from '../../common/log.js';
import { parseSettings } from '../../config/index.js';
import { newKeyPair } from '../../keys/key.js';
import type { Store } from '../../store/store.js';
import { startTriggeringService } from '../../triggering-service/index.js';

const [what = 'none', endpoint = ''] = process.argv.slice(2);
/** Interval between two reads of the counters, ms; with many boxes a read takes some ms. */
const READ_INTERVAL_MS = 20;
const LONG_READ_INTERVAL_MS = 200;
const MANY_BOXES = 1000;
/** Ids of the load, stream.c. */
const FIRST_ID = 1000;
const CERTIFICATES = 1000;

/** Fractions of the reference: only values far from normal trigger. */
const THRESHOLD = {
  frequency_threshold_percent_low: 0.01,
  frequency_threshold_percent_high: 0.01,
  voltage_threshold_percent_low: 0.05,
  voltage_threshold_percent_high: 0.05,
  thd_threshold_high: 0.05,
};

/** The boxes of the load, each with a key. */
const boxesWithKeys =
  what === 'checked'
    ? Array.from({ length: CERTIFICATES }, (_, i) => ({
        box_id: String(FIRST_ID + i),
        calibration_constant: 1,
        unplugged: false,
        public_key: newKeyPair().publicKey,
      }))
    : [];

/** The methods of a store that the service uses, without a store behind them. */
const nothing = {
  batchesAtOnce: 1,
  apply: async (write) => ({
    inserted: write.kind === 'measurements' ? write.columns.count : 1,
    duplicates: 0,
  }),
  computeTrends: async (windows) => windows.map(() => undefined),
  newestByBox: async () => [],
  makaiConfig: async () => undefined,
  boxes: async () => boxesWithKeys,
  state: () => ({ available: true }),
} satisfies Partial<Store>;

interface Counts {
  messages: number;
  measurements: number;
  /** of the slowest plugin */
  seen: number;
  dropped: number;
  boxes: number;
}

function receiveAlone(): () => Counts {
  let messages = 0;
  const socket = new Subscriber({ receiveHighWaterMark: 0 });
  socket.connect(endpoint);
  socket.subscribe();
  void (async () => {
    for (;;) {
      await socket.receive();
      messages += 1;
    }
  })();
  return () => ({ messages, measurements: messages, seen: messages, dropped: 0, boxes: 0 });
}

async function runService(): Promise<() => Counts> {
  const names = what === 'none' || what === 'checked' ? [] : what.split(',');
  const config = parseSettings(
    'triggering-service',
    {
      zmq_trigger_endpoint: endpoint,
      zmq_acquisition_endpoint: 'tcp://127.0.0.1:9',
      status: 'off',
      ...(what === 'checked' ? { white_list: 'store' } : {}),
      plugins: names.map((path) => ({ path, ...(path === 'threshold' ? THRESHOLD : {}) })),
      limits: { measurements_per_second: 100_000, measurements_burst: 10_000_000 },
    },
    'bench',
  );
  const service = await startTriggeringService(config, {
    log: silentLogger(),
    store: nothing as Partial<Store> as Store,
  });
  while (service.status().plugins.some(({ state }) => state === 'starting')) {
    await new Promise((resolve) => setTimeout(resolve, READ_INTERVAL_MS));
  }
  return () => {
    const { messages, measurements, plugins, boxes } = service.status();
    return {
      messages,
      measurements,
      seen: Math.min(measurements, ...plugins.map((p) => p.measurements + p.dropped_measurements)),
      dropped: plugins.reduce((sum, p) => sum + p.dropped_measurements, 0),
      boxes: boxes.known,
    };
  };
}

const counts = what === 'bare' ? receiveAlone() : await runService();
process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const until = Number(line);
  for (;;) {
    const now = counts();
    if (now.seen >= until) {
      process.stdout.write(`${JSON.stringify(now)}\n`);
      break;
    }
    await new Promise((resolve) =>
      setTimeout(resolve, now.boxes > MANY_BOXES ? LONG_READ_INTERVAL_MS : READ_INTERVAL_MS),
    );
  }
}
