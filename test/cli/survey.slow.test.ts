import assert from 'node:assert/strict';
import { memorySource, startBox } from '../../box/index.js';
import { poll, systemClock } from '../../common/clock.js';
import { joinParts } from '../../reports/survey/join.js';
import type { Survey } from '../../reports/survey/survey.js';
import { survey } from '../../reports/survey/survey.js';
import { openSqliteStore } from '../../store/sqlite/index.js';
import { deploy } from '../acquisition-broker/process.js';
import { freePort } from '../support/free-port.js';
import { makai } from './run-process.js';

const CALIBRATION = 150;
const TTL = { mode: 'ttl', measurementsSeconds: 86_400 } as const;

describe('cli: survey', function () {
  this.timeout(400_000);

  it('a box of each generation sends windows that are joined without a gap; with keep_unasked the waveforms of all Box 2s are stored', async () => {
    const port = await freePort();
    const deployment = await deploy([1001, 1003, 7], { status: `127.0.0.1:${port}`, keep_unasked: true });
    const program = await deployment.start();
    const samples = Int16Array.from({ length: 60 * 200 }, (_, i) =>
      Math.round(CALIBRATION * 120 * Math.SQRT2 * Math.sin((2 * Math.PI * i) / 200)),
    );
    const { box_pub = '', box_pull = '' } = deployment.endpoints;
    const boxes = await Promise.all(
      [1001, 1003, 7].map((id) =>
        startBox({
          id,
          dialect: id > 1000 ? 2 : 3,
          source: memorySource(samples, CALIBRATION, `box ${id}`),
          serverPublicKey: deployment.serverKey,
          keys: deployment.keysOf(id),
          endpoints: { measurements: 'tcp://127.0.0.1:9', commands: box_pub, replies: box_pull },
          startMs: Date.now() - 9_000,
        }),
      ),
    );
    try {
      const run = (id: number, ...more: string[]) =>
        makai(['survey', String(id), '--config', deployment.configFile, '--minutes', '0.1', ...more]);
      const unknown = await run(7, '--yes');
      assert.match(unknown.stderr, /NOT_FOUND.*calibration constant of box 7/);
      const store = await openSqliteStore(deployment.storeFile, {
        retention: TTL,
      });
      for (const id of [1001, 7])
        await store.putBox({ box_id: String(id), calibration_constant: CALIBRATION, unplugged: false });
      await store.close();
      const unasked = await run(7);
      assert.equal(unasked.code, 2);
      assert.match(unasked.stderr, /box 7 will send about 0\.9 MB[\s\S]*--yes/);
      const unaskedBox2 = await run(1001);
      assert.match(
        unaskedBox2.stderr,
        /box 1001 is a Box 2: all 2 of them will send, about 1\.7 MB in all .*with keep_unasked of the acquisition broker, all of it/,
      );
      const [two, three] = await Promise.all([run(1001, '--yes', '--json'), run(7, '--yes', '--json')]);
      for (const { code, stderr, stdout } of [two, three]) {
        assert.equal(code, 0, stderr);
        const found = JSON.parse(stdout) as Survey & { event_ids: number[] };
        // Two windows; a box that is slow to reply is asked for one again.
        assert.ok(found.event_ids.length >= 2, `${found.event_ids}`);
        assert.deepEqual(found.gaps, []);
        assert.ok(found.measured_s > 35 && found.measured_s < 37, `${found.measured_s} s`);
        assert.ok(Math.abs((found.rms?.median ?? 0) - 120) < 0.1, `${found.rms?.median} V`);
        assert.ok(Math.abs((found.frequency?.median ?? 0) - 60) < 0.01);
        assert.match(found.pst_missing ?? '', /630 s/);
      }
      const [eventId = -1] = (JSON.parse(two.stdout) as { event_ids: number[] }).event_ids;
      const read = await openSqliteStore(deployment.storeFile, { retention: TTL });
      const boxesOf = async (): Promise<string[]> =>
        (await read.boxEvents(eventId)).map(({ box_id }) => box_id).sort();
      const stored = await poll(boxesOf, (ids) => ids.length === 2, {
        clock: systemClock,
        everyMs: 100,
        ms: 60_000,
      });
      await read.close();
      assert.deepEqual(stored, ['1001', '1003']);
    } finally {
      for (const box of boxes) await box.stop();
      program.child.kill('SIGTERM');
      await program.end();
      await deployment.remove();
    }
  });

  it('ten minutes at 12 kHz: Pst of the reference modulation is 1', () => {
    // 120 V, 60 Hz: 110 rectangular changes a minute of 0.844 % give 1.00 (IEC 61000-4-15, table 5).
    const cycles = 630 * 60 + 60;
    const changesPerSecond = 110 / 60;
    const samples = new Int16Array(200 * cycles);
    for (let i = 0; i < samples.length; i += 1) {
      const t = i / 12_000;
      const sign = Math.floor(t * changesPerSecond) % 2 === 0 ? 1 : -1;
      const amplitude = 120 * Math.SQRT2 * (1 + (sign * 0.00844) / 2);
      samples[i] = Math.round(CALIBRATION * amplitude * Math.sin(2 * Math.PI * 60 * t));
    }
    const timestampsMs = Array.from({ length: cycles }, (_, i) =>
      Math.floor(1.78e12 + ((i + 1) * 1000) / 60),
    );
    const before = performance.now();
    const { pst } = survey(joinParts([{ timestampsMs, samples }]), {
      boxId: '7',
      calibration: CALIBRATION,
      reference: { voltage: 120, frequency: 60 },
    });
    process.stdout.write(
      `      survey of ${samples.length} samples: ${((performance.now() - before) / 1000).toFixed(1)} s\n`,
    );
    assert.equal(pst.length, 1);
    assert.ok(Math.abs((pst[0] ?? 0) - 1) < 0.05, `Pst ${pst[0]}`);
  });
});
