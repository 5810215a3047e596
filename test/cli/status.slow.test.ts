import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SCREEN_LINES } from '../../cli/status-summary.js';
import { describeDetails, duration } from '../../cli/status-text.js';
import { silentLogger } from '../../common/log.js';
import { Metrics } from '../../common/metrics/metrics.js';
import { KIND_NAMES, type Kind } from '../../config/kinds.js';
import { configFileIn } from '../../config/locate.js';
import { type StatusServer, startStatusServer } from '../../daemon/status/server.js';
import { makai } from './run-process.js';

describe('cli/status', () => {
  let folder = '';
  const running: StatusServer[] = [];
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-st-'));
    for (const kind of KIND_NAMES) {
      writeFileSync(configFileIn(folder, kind), JSON.stringify({ status: `unix:${join(folder, kind)}` }));
    }
  });
  afterEach(async () => {
    for (const server of running.splice(0)) await server.stop();
  });
  after(() => rmSync(folder, { recursive: true }));

  async function serve(kind: Kind, at: Kind, details: Record<string, unknown>): Promise<void> {
    const metrics = new Metrics(kind, '1.2.3');
    const address = { path: join(folder, at) };
    const common = { version: '1.2.3', isNamed: true, metrics, log: silentLogger() };
    running.push(await startStatusServer({ ...common, daemon: kind, address, details: () => details }));
  }

  it('prints the state of each daemon, exit code 0 when all reply', async () => {
    const plugins = [
      { name: 'print', state: 'running', dropped: 0 },
      { name: 'napali', state: 'paused', dropped: 12 },
    ];
    await serve('triggering-broker', 'triggering-broker', { boxes: 2, refused: { unknown: 1 } });
    await serve('acquisition-broker', 'acquisition-broker', {});
    await serve('triggering-service', 'triggering-service', { evil: '\u001b[2J', plugins });
    await serve('analysis-service', 'analysis-service', {});
    await serve('web-service', 'web-service', {});
    await serve('gateway', 'gateway', {});
    const { code, stdout } = await makai(['status', '--all', '--config', folder]);
    assert.equal(code, 0);
    assert.match(stdout, /^triggering-broker: running for .+, pid \d+, version 1\.2\.3, unix:/);
    assert.match(stdout, /\n {2}boxes {12}2\n {2}refused\.unknown {2}1\n/);
    assert.match(
      stdout,
      /\n {2}plugins:\n {4}name {4}state {4}dropped\n {4}napali {2}paused {8}12\n {4}print {3}running {8}0\n/,
    );
    assert.ok(!stdout.includes('\u001b'));
  });

  it('says which daemon does not reply, or is a different one; exit code 1', async () => {
    await serve('triggering-broker', 'triggering-broker', {});
    await serve('triggering-service', 'acquisition-broker', {});
    const { code, stdout } = await makai(['status', '--dir', folder, '--json']);
    assert.equal(code, 1);
    const reports = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { daemon: string; running: boolean; reason?: string });
    assert.deepEqual(
      reports.map((one) => [one.daemon, one.running]),
      [
        ['triggering-broker', true],
        ['acquisition-broker', false],
        ['triggering-service', false],
        ['analysis-service', false],
        ['web-service', false],
        ['gateway', false],
      ],
    );
    assert.match(reports[1]?.reason ?? '', /the triggering-service replies at this address/);
    assert.match(reports[2]?.reason ?? '', /ENOENT|ECONNREFUSED/);
  });

  it('takes the address from the environment variable too', async () => {
    await serve('triggering-service', 'triggering-service', {});
    const MAKAI_SETTINGS = JSON.stringify({ status: `unix:${join(folder, 'triggering-service')}` });
    const { stdout } = await makai(['status', '--json'], { MAKAI_SETTINGS });
    const last = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
    assert.deepEqual([last.daemon, last.running], ['triggering-service', true]);
  });

  it('formats durations and values in a short form', () => {
    assert.deepEqual([0, 59, 61, 3600, 90_061].map(duration), ['0 s', '59 s', '1 min 1 s', '1 h', '1 d 1 h']);
    assert.deepEqual(describeDetails({ a: 0.123456, b: null, c: [1, 2] }), ['a  0.1235', 'b  ', 'c  [1,2]']);
  });

  it('fits one screen whatever is wrong, and what is wrong comes first', async () => {
    const refused = (i: number) => ({
      ...{ plugin: `p${i}`, state: 'refused', file: '/x', last_error: 'word '.repeat(60) },
    });
    await serve('triggering-broker', 'triggering-broker', {
      ...{
        open: true,
        boxes: { connected: 7, failed: { wrong_server_key: 3 } },
        subscribers: { connected: 1 },
      },
    });
    await serve('triggering-service', 'triggering-service', {
      ...{ boxes: { active: 6, known: 7 }, dropped: { store_too_slow: 9 }, measurements: 5 },
      plugins: Array.from({ length: 40 }, (_, i) => refused(i)),
    });
    await serve('analysis-service', 'analysis-service', { evil: '\u001b[2J', store: 'unavailable' });
    const { code, stdout } = await makai(['status', '--dir', folder]);
    assert.equal(code, 1);
    assert.ok(!stdout.includes('\u001b'));
    const lines = stdout.trimEnd().split('\n');
    assert.ok(lines.length <= SCREEN_LINES && lines.every((line) => line.length <= 120), stdout);
    assert.match(lines[0] ?? '', /^WRONG {2}/);
    assert.match(stdout, /^WRONG {2}acquisition-broker: no reply at /m);
    assert.match(stdout, /^and \d+ more lines: makai status --all$/m);
    assert.match(stdout, /^boxes: 6 active of 7 heard, 0 with findings; makai boxes status/m);
    assert.match(lines.at(-1) ?? '', /^4\d wrong: makai doctor says what to do/);
  });

  it('says that nothing is wrong', async () => {
    for (const kind of KIND_NAMES) await serve(kind, kind, {});
    const { code, stdout } = await makai(['status', '--dir', folder]);
    assert.equal(code, 0);
    const lines = stdout.trimEnd().split('\n');
    assert.equal(lines.length, KIND_NAMES.length + 2);
    assert.ok(
      lines.slice(0, KIND_NAMES.length).every((line) => /^ok {5}[a-z-]+: running for /.test(line)),
      stdout,
    );
    assert.match(lines.at(-1) ?? '', /^nothing is wrong here/);
  });

  it('no line is wider than a terminal, plugins come first, and among them those that do not run', async () => {
    const plugin = (name: string, state: string, more: object) => ({
      ...{ plugin: name, name, version: '0.1.0', language: 'javascript', state, measurements: 123_456 },
      ...{ requests: 3, incidents: 0, values: 12_345, dropped_requests: 0, dropped_batches: 0 },
      ...{
        dropped_measurements: 0,
        p50_us: 12.34,
        p99_us: 1234,
        restarts: 0,
        ...more,
        file: `/opt/${name}.js`,
      },
    });
    const why =
      'onLoad: limit_v: must be 1000 or less; limits.0.low: must be a number; limit: no such setting';
    await serve('triggering-service', 'triggering-service', {
      note: 'word '.repeat(40),
      plugins: [
        plugin('histogram', 'running', {}),
        plugin('sags', 'refused', { last_error: `${why}; ${why}` }),
      ],
      busiest: [{ box_id: 1, messages: 2 }],
    });
    const { code, stdout } = await makai(['status', '--all', '--dir', folder]);
    assert.equal(code, 1);
    const lines = stdout.split('\n');
    const widest = Math.max(...lines.map((line) => line.length));
    assert.ok(widest <= 120, `${widest}: ${stdout}`);
    const at = lines.findIndex((line) => line.startsWith('triggering-service: running'));
    assert.match(
      lines.slice(at, at + 4).join('\n'),
      /\n {2}plugins:\n {4}plugin +name .*\n {4}sags .* refused /,
    );
    assert.match(stdout.replaceAll(/\s+/g, ' '), new RegExp(`last_error ${why}; ${why}`));
    assert.match(stdout, /histogram +histogram +0\.1\.0 +javascript +running/);
    for (const width of [78, 118])
      for (const line of describeDetails({ plugins: [plugin('x', 'running', { last_error: why })] }, width))
        assert.ok(line.length <= width, line);
  });
});
