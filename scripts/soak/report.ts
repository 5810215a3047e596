/** What a soak showed: the verdict, and docs/soak.md. */
import type { Asked } from './asker.js';
import { lastHalf, quantile, type Sample } from './figures.js';

export interface Soak {
  boxes: number;
  seconds: number;
  memory: ReadonlyMap<string, readonly Sample[]>;
  /** event loop delay of the daemons, ms */
  delay: ReadonlyMap<string, readonly Sample[]>;
  asked: readonly Asked[];
  deaths: readonly string[];
  /** of all daemons */
  log: string;
  /** measurements stored a second, about every 5 s */
  rate: readonly Sample[];
  /** measurements stored while it ran */
  stored: number;
  /** between the first count of them and the last */
  storedSeconds: number;
  /** measurements from the boxes' start until they were off and all was stored */
  whole: {
    sent: number;
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
/** The fleet is our tool, not a daemon: shown, not judged. */
const NOT_JUDGED = 'boxes';
/** Measurements a second and box: half of the boxes are Box 2 (six), half Box 3 (one). */
const NOMINAL_RATE = 3.5;
/** Measurements of a box that may go out before it is connected: its first four seconds. */
const MAX_UNHEARD = 14;

export function judge(soak: Soak): Judged {
  const wrong = [...soak.deaths];
  const lines = figures(soak);
  for (const [name, samples] of soak.memory) {
    const { slope } = lastHalf(samples);
    if (name !== NOT_JUDGED && !(slope < MAX_GROWTH_MB_PER_MINUTE))
      wrong.push(`memory of ${name} grows by ${slope.toFixed(2)} MB a minute`);
  }
  const errors = soak.log.split('\n').filter((line) => /"level":(50|60)/.test(line));
  for (const line of errors.slice(0, 5)) wrong.push(`logged: ${line}`);
  const silent = soak.asked.filter(({ announcedMs }) => Number.isNaN(announcedMs)).length;
  if (silent > 0) wrong.push(`${silent} of ${soak.asked.length} requests were not announced`);
  if (soak.asked.length === 0) wrong.push('no event was asked for');
  const { sent, received, stored, dropped } = soak.whole;
  if (stored !== received) wrong.push(`${received} measurements were received, ${stored} stored`);
  // what a PUB socket sends before its first subscriber is there reaches nobody
  if (!(received > sent - soak.boxes * MAX_UNHEARD))
    wrong.push(`${sent} measurements were sent, only ${received} received`);
  if (!(soak.stored > NOMINAL_RATE * soak.boxes * soak.storedSeconds * 0.9))
    wrong.push(`only ${soak.stored} measurements were stored`);
  for (const line of dropped) wrong.push(line);
  return { lines, wrong };
}

function figures(soak: Soak): string[] {
  const { asked, boxes, seconds, stored, storedSeconds, whole } = soak;
  const rates = soak.rate.map(({ value }) => value);
  const lines = [
    `${boxes} boxes, ${(seconds / 60).toFixed(1)} minutes, ${stored} measurements stored (${(stored / storedSeconds).toFixed(0)} a second; over 5 s at least ${Math.min(...rates).toFixed(0)}, at most ${Math.max(...rates).toFixed(0)}), ${asked.length} events asked for`,
    `measurements from the boxes' start to their end: sent ${whole.sent}, received ${whole.received}, stored ${whole.stored}`,
  ];
  for (const [name, samples] of soak.memory) {
    const { mean, slope } = lastHalf(samples);
    lines.push(
      `memory of ${name}: ${mean.toFixed(1)} MB, ${slope >= 0 ? '+' : ''}${slope.toFixed(3)} MB a minute over the last half`,
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
      'request to evnew',
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

/** docs/soak.md, whole. */
export function report(soak: Soak): string {
  const { lines, wrong } = judge(soak);
  return `# Soak

Written by \`npm run soak -- --boxes ${soak.boxes} --minutes ${Math.round(soak.seconds / 60)} --write\`: three daemons with the embedded store, CURVE, a fleet of simulated boxes (every other one a
Box 2 with six measurements a second, the others Box 3 with one a second) in one more process, and a client that asks for waveforms every 15 s. A READ
reaches every Box 2, so each request, of ten boxes, is answered by half of the fleet, and all that comes is stored, as the field's own broker does.

Machine: ${soak.cpu}, 2 cores shared by daemons, fleet and other work; ${new Date(soak.startedAt).toISOString().slice(0, 16)}Z.

\`\`\`
${lines.join('\n')}
${wrong.length === 0 ? 'sound' : wrong.map((line) => `WRONG: ${line}`).join('\n')}
\`\`\`

The fleet's nominal rate is ${NOMINAL_RATE} measurements a second and box. Judged: nothing is dropped (\`makai_dropped_total\`), all that was received is stored, and what was
sent and not received is no more than each box sends in its first four seconds, before its sockets are connected.

"Flat" means: the least-squares slope of a daemon's resident memory over the last half of the run is below ${MAX_GROWTH_MB_PER_MINUTE} MB a minute. The fleet's own memory is
shown beside it and not judged (boxes fill their buffers for an hour).

![memory](soak-memory.svg)

![latency](soak-latency.svg)

![measurements stored](soak-rate.svg)

![event loop delay](soak-delay.svg)
`;
}
