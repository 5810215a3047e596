/** Findings of boxes: written and logged once each, listed worst first, bounded. */
import assert from 'node:assert/strict';
import { createLogger, silentLogger } from '../../common/log.js';
import { Metrics } from '../../common/metrics/metrics.js';
import { Rejections } from '../../common/rejections.js';
import { BoxFindings } from '../../daemon/box-findings.js';
import type { HealthDocument } from '../../store/documents.js';
import { STORED, type Stored, type Write } from '../../store/writes.js';
import { ManualClock } from '../acquisition-broker/manual-clock.js';

const FINDING = {
  code: 'CLOCK_OFFSET',
  since_ms: 1_795_315_500_000,
  info: 'its clock is 5.0 s behind ours',
} as const;

class Rig {
  readonly documents: HealthDocument[] = [];
  readonly lines: Record<string, unknown>[] = [];
  readonly clock = new ManualClock();
  failures = 0;
  readonly rejections = new Rejections(silentLogger());
  readonly findings = new BoxFindings({
    clock: this.clock,
    log: createLogger('test', 'info', { write: (line) => void this.lines.push(JSON.parse(line)) }),
    outbox: { put: (write) => this.#put(write) },
    rejections: this.rejections,
  });

  async #put(write: Write): Promise<Stored> {
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('not now');
    }
    if (write.kind === 'health') this.documents.push(write.finding);
    return STORED;
  }
}

describe('daemon: findings of boxes', () => {
  it('one document and one line at the beginning, one each at the end', async () => {
    const { clock, documents, findings, lines } = new Rig();
    findings.apply([{ boxId: 7, finding: FINDING }]);
    findings.apply([{ boxId: 7, finding: FINDING }]);
    assert.deepEqual(findings.of(7), [FINDING]);
    findings.apply([{ boxId: 7, finding: FINDING, endedMs: FINDING.since_ms + 60_000 }]);
    findings.apply([{ boxId: 7, finding: FINDING, endedMs: FINDING.since_ms + 60_000 }]);
    clock.advance(60_000);
    await findings.stop();
    const box = { service: 'BOX', serviceID: '7' };
    const since = new Date(FINDING.since_ms);
    assert.deepEqual(documents, [
      { timestamp: since, ...box, status: 'DOWN', info: `CLOCK_OFFSET: ${FINDING.info}` },
      {
        timestamp: new Date(FINDING.since_ms + 60_000),
        ...box,
        status: 'UP',
        info: `CLOCK_OFFSET ended; it began at ${since.toISOString()}`,
      },
    ]);
    assert.equal(lines.filter(({ finding }) => finding === 'CLOCK_OFFSET').length, 2);
    assert.deepEqual(findings.list(), []);
  });

  it('one that is reported from time to time ends when it is not reported again', async () => {
    const { clock, documents, findings } = new Rig();
    findings.report(7, 'CALIBRATION_SUSPECT', '127.1 V for 11 min', 30_000);
    clock.advance(20_000);
    findings.report(7, 'CALIBRATION_SUSPECT', '127.2 V for 12 min', 30_000);
    clock.advance(25_000);
    assert.ok(findings.has(7, 'CALIBRATION_SUSPECT'));
    clock.advance(30_000);
    assert.ok(!findings.has(7, 'CALIBRATION_SUSPECT'));
    await findings.stop();
    assert.deepEqual(
      documents.map(({ status }) => status),
      ['DOWN', 'UP'],
    );
  });

  it('what the store does not take is written later, in order', async () => {
    const rig = new Rig();
    rig.failures = 1;
    rig.findings.apply([{ boxId: 7, finding: FINDING }]);
    rig.findings.apply([{ boxId: 8, finding: FINDING }]);
    await new Promise((resolve) => setImmediate(resolve));
    rig.clock.advance(10_000);
    await rig.findings.stop();
    assert.deepEqual(
      rig.documents.map(({ serviceID }) => serviceID),
      ['7', '8'],
    );
  });

  it('counts what it drops: boxes past 20,000, and what waits for the store past 1000', async () => {
    const { documents, findings, rejections } = new Rig();
    for (let boxId = 1; boxId <= 20_003; boxId += 1) findings.apply([{ boxId, finding: FINDING }]);
    await findings.stop();
    assert.deepEqual([findings.status().boxes, documents.length], [20_000, 1000]);
    assert.deepEqual(rejections.totals(), { too_many_findings: 3, finding_not_stored: 19_000 });
  });

  it('status and metrics: worst first, series of 1,000 boxes at most, a 0 for what nobody has', async () => {
    const { findings } = new Rig();
    for (let boxId = 1; boxId <= 1200; boxId += 1) findings.apply([{ boxId, finding: FINDING }]);
    findings.report(1100, 'ID_IN_USE_TWICE', 'twice', 1000);
    const { boxes, by_finding: counts, worst } = findings.status();
    assert.deepEqual([boxes, counts], [1200, { ID_IN_USE_TWICE: 1, CLOCK_OFFSET: 1200 }]);
    assert.equal(worst.length, 100);
    assert.deepEqual([worst[0]?.box_id, worst[0]?.findings], ['1100', 'ID_IN_USE_TWICE, CLOCK_OFFSET']);
    const metrics = new Metrics('triggering-service', '0');
    findings.addMetrics(metrics);
    const text = await metrics.exposition();
    metrics.stop();
    await findings.stop();
    assert.equal([...text.matchAll(/^makai_box_finding\{/gm)].length, 1000);
    assert.match(text, /^makai_box_finding\{box="1100",finding="ID_IN_USE_TWICE"\} 1$/m);
    assert.match(text, /^makai_boxes_with_finding\{finding="CLOCK_OFFSET"\} 1200$/m);
    assert.match(text, /^makai_boxes_with_finding\{finding="RATE"\} 0$/m);
  });
});
