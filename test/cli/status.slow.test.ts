import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    const { code, stdout } = await makai(['status', '--dir', folder]);
    assert.equal(code, 0);
    assert.match(stdout, /^triggering-broker: running for .+, pid \d+, version 1\.2\.3, unix:/);
    assert.match(stdout, /\n {2}boxes {12}2\n {2}refused\.unknown {2}1\n/);
    assert.match(
      stdout,
      /\n {2}plugins:\n {4}name {4}state {4}dropped\n {4}print {3}running {8}0\n {4}napali {2}paused {8}12\n/,
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
});
