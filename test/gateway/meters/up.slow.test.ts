/** A meter as a user connects it: `makai up`, values by mosquitto_pub to the embedded broker, and what the commands and the page's API then have of it. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makai } from '../../cli/run-process.js';
import { until } from '../../support/until.js';
import { upForWeb, type WebUp } from '../../web-service/up.js';

const METER = '1000000000';
/** The record is new for a minute, and a trend takes another. */
const PATIENCE_MS = 300_000;

describe('meters: makai up', function () {
  this.timeout(900_000);
  let folder: string;
  let up: WebUp;
  let publisher: ChildProcess | undefined;
  let beat: NodeJS.Timeout | undefined;
  let volts = 118.7;
  /** messages with less than that */
  let low = 0;

  before(async function () {
    if (spawnSync('mosquitto_pub', ['--help']).error !== undefined) {
      process.stderr.write('    skipped: mosquitto_pub is not installed\n');
      this.skip();
    }
    folder = await mkdtemp(join(tmpdir(), 'makai-meter-up-'));
    up = await upForWeb(folder, ['--boxes', '1', '--scenario', 'quiet']);
    const file = readFileSync(join(folder, 'demo', 'gateway.json'), 'utf8');
    const { listen } = (JSON.parse(file) as { mqtt: { listen: string } }).mqtt;
    const [host = '', port = ''] = listen.split(':');
    // Each line is a message.
    const args = ['-h', host, '-p', port, '-t', 'meters/kitchen', '-l'];
    const child = spawn('mosquitto_pub', args, { stdio: ['pipe', 'ignore', 'inherit'] });
    publisher = child;
    beat = setInterval(() => {
      child.stdin.write(`${JSON.stringify({ voltage: volts, frequency: 59.98 })}\n`);
      if (volts < 118) low += 1;
    }, 1000);
  });
  after(async () => {
    clearInterval(beat);
    publisher?.kill();
    await up?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  async function rows(...args: string[]): Promise<Record<string, unknown>[]> {
    const { stdout } = await makai([...args, '--json', '--dir', join(folder, 'demo')]);
    const lines = stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }
  const ofMeter = async (...args: string[]): Promise<Record<string, unknown> | undefined> =>
    (await rows(...args)).find(({ box_id }) => box_id === METER);

  it('is in the list of boxes as a meter, and is heard', async () => {
    await until('the record', async () => (await ofMeter('boxes', 'list')) !== undefined);
    const { kind, meter, name } = (await ofMeter('boxes', 'list')) ?? {};
    assert.deepEqual([kind, meter, name], ['meter', 'kitchen', 'kitchen']);
    const isHeard = async () => (await ofMeter('boxes', 'status'))?.heard === true;
    await until('it is heard', isHeard, PATIENCE_MS);
    const status = await ofMeter('boxes', 'status');
    assert.deepEqual([status?.kind, status?.findings, status?.why], ['meter', [], undefined]);
  });

  it('has measurements, and a trend of the minute', async () => {
    await until('measurements', async () => (await rows('measurements', METER)).length > 2, PATIENCE_MS);
    const [{ frequency, voltage } = {}] = await rows('measurements', METER);
    assert.deepEqual([voltage, frequency], [Math.fround(118.7), Math.fround(59.98)]);
    await until('a trend', async () => (await rows('trends', METER)).length > 0, PATIENCE_MS);
    const [{ voltage: volts_of_minute } = {}] = await rows('trends', METER);
    assert.equal((volts_of_minute as { max?: number } | undefined)?.max, Math.fround(118.7));
  });

  it('a sag of it is an event, and the page lists the meter', async () => {
    volts = 90;
    const isIts = ({ boxes_triggered, type }: Record<string, unknown>): boolean =>
      type === 'VOLTAGE_SAG' && String(boxes_triggered).includes(METER);
    await until('four values in the sag', async () => low >= 4);
    volts = 118.7;
    await until('the event', async () => (await rows('events', 'list')).some(isIts), PATIENCE_MS);
    const reply = await fetch(`${up.page}api/v1/boxes`);
    const { items } = (await reply.json()) as { items: { box_id: string; kind?: string }[] };
    assert.equal(items.find(({ box_id }) => box_id === METER)?.kind, 'meter');
  });
});
