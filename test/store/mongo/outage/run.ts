/**
 * npm run test:mongo-outage -- [--boxes 100] [--before 20] [--away 60] [--after 20]
 * Three daemons, a fleet, an event each second; kill -9 of the database with all its processes, and back. Prints what was accepted, stored, lost and
 * doubled, and the daemons' memory. Exits 1 unless nothing is lost or doubled and memory stayed bounded.
 */
import { parseArgs } from 'node:util';
import { runOutage } from './outage.js';

const { values } = parseArgs({
  options: {
    boxes: { type: 'string', default: '100' },
    before: { type: 'string', default: '20' },
    away: { type: 'string', default: '60' },
    after: { type: 'string', default: '20' },
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const report = await runOutage({
  boxes: Number(values.boxes),
  beforeSeconds: Number(values.before),
  awaySeconds: Number(values.away),
  afterSeconds: Number(values.after),
  say,
});
if (report === undefined) process.exit(1);
for (const { accepted, doubled, kind, lost, stored } of report.rows) {
  const figures = { accepted, stored, lost, doubled };
  const text = Object.entries(figures).map(([name, value]) => `${name} ${String(value).padStart(7)}`);
  say(`${kind.padEnd(13)}${text.join('  ')}`);
}
for (const [name, { before, most }] of Object.entries(report.memory)) {
  say(`${name.padEnd(20)}${before.toFixed(0)} MB before, ${most.toFixed(0)} MB at most`);
}
for (const line of report.wrong) say(`WRONG: ${line}`);
say(report.wrong.length === 0 ? 'nothing lost, nothing doubled' : 'FAILED');
process.exit(report.wrong.length === 0 ? 0 : 1);
