/** The result of a soak: the verdict, and docs/soak.md. */

import { lastHalf, quantile, type Sample } from './figures.js';
import type { Asked } from './request-client.js';

export interface Soak {
  boxes: number;
  seconds: number;
  memory: ReadonlyMap<string, readonly Sample[]>;
  /** event loop delay of the daemons, ms */
  delay: ReadonlyMap<string, readonly Sample[]>;
  asked: readonly Asked[];
  deaths: readonly string[];
  /** log of all daemons */
  log: string;
  /** measurements stored per second, about every 5 s */
  rate: readonly Sample[];
  /** measurements stored while it ran */
  stored: number;
  /** seconds between the first and the last count */
  storedSeconds: number;
  /** measurements from the start of the boxes until they were switched off and everything was stored */
  whole: {
    sent: number;
    /** of these, sent before somebody subscribed at the box; some of them are received all the same */
    unheard: number;
    received: number;
    stored: number;
    /** lines of makai_dropped_total that are not 0 */
    dropped: readonly string[];
  };
  cpu: string;
  startedAt: number;
}

export interface Judged {
  lines: string[];
  wrong: string[];
}

export const MAX_GROWTH_MB_PER_MINUTE = 1;
/** The fleet is a tool and not a daemon: its memory is printed but not checked. */
const NOT_JUDGED = 'boxes';
/** Measurements per second and box: half of the boxes are Box 2 (six), half Box 3 (one). */
const NOMINAL_RATE = 3.5;

export function judge(soak: Soak): Judged {
  const wrong = [...soak.deaths];
  const lines = figures(soak);
  for (const [name, samples] of soak.memory) {
    const { slope } = lastHalf(samples);
    if (name !== NOT_JUDGED && !(slope < MAX_GROWTH_MB_PER_MINUTE))
      wrong.push(`memory of ${name} grows by ${slope.toFixed(2)} MB per minute`);
  }
  const errors = soak.log.split('\n').filter((line) => /"level":(50|60)/.test(line));
  for (const line of errors.slice(0, 5)) wrong.push(`logged: ${line}`);
  const silent = soak.asked.filter(({ announcedMs }) => Number.isNaN(announcedMs)).length;
  if (silent > 0) wrong.push(`${silent} of ${soak.asked.length} requests were not announced`);
  if (soak.asked.length === 0) wrong.push('no event was requested');
  const { sent, unheard, received, stored, dropped } = soak.whole;
  if (stored !== received) wrong.push(`${received} measurements were received, ${stored} stored`);
  if (!(received >= sent - unheard))
    wrong.push(
      `${sent - unheard} measurements were sent after somebody subscribed, only ${received} received`,
    );
  if (!(soak.stored > NOMINAL_RATE * soak.boxes * soak.storedSeconds * 0.9))
    wrong.push(`only ${soak.stored} measurements were stored`);
  for (const line of dropped) wrong.push(line);
  return { lines, wrong };
}

function figures(soak: Soak): string[] {
  const { asked, boxes, seconds, stored, storedSeconds, whole } = soak;
  const rates = soak.rate.map(({ value }) => value);
  const lines = [
    `${boxes} boxes, ${(seconds / 60).toFixed(1)} minutes, ${stored} measurements stored (${(stored / storedSeconds).toFixed(0)} per second; over 5 s min ${Math.min(...rates).toFixed(0)}, max ${Math.max(...rates).toFixed(0)}), ${asked.length} events requested`,
    `measurements from start to stop of the boxes: sent ${whole.sent} (${whole.unheard} of them before somebody subscribed), received ${whole.received}, stored ${whole.stored}`,
  ];
  for (const [name, samples] of soak.memory) {
    const { mean, slope } = lastHalf(samples);
    lines.push(
      `memory of ${name}: ${mean.toFixed(1)} MB, ${slope >= 0 ? '+' : ''}${slope.toFixed(3)} MB per minute over the last half`,
    );
  }
  for (const [name, samples] of soak.delay) {
    const values = samples.map(({ value }) => value).filter(Number.isFinite);
    lines.push(
      `event loop delay of ${name}, p99 of 5 s: median ${quantile(values, 0.5).toFixed(1)} ms, worst ${Math.max(...values).toFixed(1)} ms`,
    );
  }
  lines.push(
    timing(
      'request to its notice evnew',
      asked.map(({ announcedMs }) => announcedMs),
    ),
  );
  lines.push(
    timing(
      'request to first waveform stored',
      asked.map(({ waveformMs }) => waveformMs),
    ),
  );
  return lines;
}

function timing(name: string, values: readonly number[]): string {
  const known = values.filter(Number.isFinite);
  const [p50, p99] = [quantile(known, 0.5), quantile(known, 0.99)];
  return `${name}: median ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms (${known.length} of ${values.length})`;
}

/** The text of docs/soak.md. */
export function report(soak: Soak): string {
  const { lines, wrong } = judge(soak);
  return `# Soak test: ${soak.boxes} boxes under load for ${Math.round(soak.seconds / 60)} minutes

Written by \`npm run soak -- --boxes ${soak.boxes} --minutes ${Math.round(soak.seconds / 60)} --write\`. The test shows whether measurements are lost
and whether memory or delays grow with time. It runs the two brokers and the triggering service with the embedded store and CURVE. A further process simulates the boxes: half of them Box 2 with
six measurements per second, the others Box 3 with one per second. A client requests waveforms of ten boxes every 15 s. The command to a Box 2 (READ) reaches every Box 2, so half of the fleet
replies to each request, and every reply is stored, as in existing brokers.

Machine: ${soak.cpu}, 2 cores shared by daemons, fleet and other work; ${new Date(soak.startedAt).toISOString().slice(0, 16)}Z.

\`\`\`
${lines.join('\n')}
${wrong.length === 0 ? 'passed' : wrong.map((line) => `WRONG: ${line}`).join('\n')}
\`\`\`

On average a box sends ${NOMINAL_RATE} measurements per second. The test has passed if nothing was dropped (\`makai_dropped_total\`), everything received was stored, and nothing was lost
between boxes and service but what a box sends before its connection is there and somebody subscribes: a PUB socket discards that.

The daemons run with the environment of their systemd units, and with \`MALLOC_PERTURB_\` of glibc: memory is written when it is allocated, and so counts from then on. Without it the acquisition broker is smaller at first and grows for half an
hour to the same size: libzmq reserves queues of 16 KiB blocks for each connection, and the kernel counts a page only when it is used. Measured with 1,000 boxes: of 209 MB allocated after a minute 127 MB
were such blocks; allocated memory grew by 11 MB in the seven minutes in which the resident memory grew by 106 MB. A second block follows after 256 frames. So that all boxes have it before figures are taken, requests come once a second
in a warm-up of two minutes.

The resident memory of a daemon must grow by less than ${MAX_GROWTH_MB_PER_MINUTE} MB per minute (least-squares slope over the last half of the run). The memory of the
simulated boxes is shown too, but not checked, because they fill their buffers for an hour.

![memory](soak-memory.svg)

![latency](soak-latency.svg)

![measurements stored](soak-rate.svg)

![event loop delay](soak-delay.svg)
`;
}
