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
  /** measurements stored while it ran */
  stored: number;
  /** lines of makai_dropped_total that are not 0 */
  dropped: readonly string[];
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
  // A Box 2 sends six a second, a Box 3 one; half of each, and a tenth of slack for boxes that the machine starves.
  if (!(soak.stored > soak.boxes * soak.seconds * 0.9))
    wrong.push(`only ${soak.stored} measurements were stored`);
  for (const line of soak.dropped) wrong.push(line);
  return { lines, wrong };
}

function figures(soak: Soak): string[] {
  const { asked, boxes, seconds, stored } = soak;
  const lines = [
    `${boxes} boxes, ${(seconds / 60).toFixed(1)} minutes, ${stored} measurements stored (${(stored / seconds).toFixed(0)} a second), ${asked.length} events asked for`,
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
reaches every Box 2, so each request is answered by half of the fleet; the broker keeps what was asked for.

Machine: ${soak.cpu}, 2 cores shared by daemons, fleet and other work; ${new Date(soak.startedAt).toISOString().slice(0, 16)}Z.

\`\`\`
${lines.join('\n')}
${wrong.length === 0 ? 'sound' : wrong.map((line) => `WRONG: ${line}`).join('\n')}
\`\`\`

The fleet's nominal rate is 3.5 measurements a second and box. The daemons dropped nothing (\`makai_dropped_total\` is judged); where less was stored, the
fleet, which shares the cores with the daemons, is thought to have sent less: that has not been measured.

"Flat" means: the least-squares slope of a daemon's resident memory over the last half of the run is below ${MAX_GROWTH_MB_PER_MINUTE} MB a minute. The fleet's own memory is
shown beside it and not judged (boxes fill their buffers for an hour).

![memory](soak-memory.svg)

![latency](soak-latency.svg)

![event loop delay](soak-delay.svg)
`;
}
