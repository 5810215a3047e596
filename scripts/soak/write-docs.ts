/** Puts the result of a soak into docs/: the page and its plots. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import type { Sample } from './figures.js';
import { svgOf } from './plot.js';
import { report, type Soak } from './report.js';
import type { Asked } from './request-client.js';

export function writeDocs(soak: Soak): void {
  const docs = join(PACKAGE_ROOT, 'docs');
  const series = (map: ReadonlyMap<string, readonly Sample[]>) =>
    [...map].map(([name, samples]) => ({
      name,
      points: samples.map(({ minutes: x, value: y }) => ({ x, y })),
    }));
  const latency = (name: string, pick: (asked: Asked) => number) => ({
    name,
    points: soak.asked.map((one) => ({ x: (one.atMs - soak.startedAt) / 60_000, y: pick(one) })),
  });
  writeFileSync(
    join(docs, 'soak-memory.svg'),
    svgOf({ title: 'Memory of each process', unit: 'MB', series: series(soak.memory) }),
  );
  writeFileSync(
    join(docs, 'soak-rate.svg'),
    svgOf({
      title: 'Measurements stored',
      unit: '1/s',
      series: series(new Map([['triggering-service', soak.rate]])),
    }),
  );
  writeFileSync(
    join(docs, 'soak-delay.svg'),
    svgOf({ title: 'Event loop delay, p99 of each 5 s', unit: 'ms', series: series(soak.delay) }),
  );
  writeFileSync(
    join(docs, 'soak-latency.svg'),
    svgOf({
      title: 'From an event request',
      unit: 'ms',
      series: [
        latency('to evnew', (one) => one.announcedMs),
        latency('to first waveform stored', (one) => one.waveformMs),
      ],
    }),
  );
  writeFileSync(join(docs, 'soak.md'), report(soak));
}
