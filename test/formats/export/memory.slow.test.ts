/** A thousand events need no more memory than a few: what is exported is not held. */
import assert from 'node:assert/strict';
import { type EventParts, EXPORT_FORMATS, eventExporter } from '../../../formats/export/index.js';

const T = 1_509_577_000_000;
const CYCLES = 60;
const PER_CYCLE = 200;
const FEW = 30;
const MANY = 1000;
/** What the collector may have left lying, MB. */
const SLACK_MB = 80;

const counts = Int16Array.from({ length: CYCLES * PER_CYCLE }, (_, i) =>
  Math.round(17_000 * Math.sin((2 * Math.PI * i) / PER_CYCLE) + 30 * Math.sin(i * i)),
);

function eventParts(event_id: number): EventParts {
  const startMs = T + 60_000 * event_id;
  const timestamps = Array.from({ length: CYCLES }, (_, i) => Math.round(startMs + ((i + 1) * 1000) / 60));
  return {
    event: {
      event_id,
      type: 'VOLTAGE_SAG',
      description: 'sag',
      boxes_triggered: ['1', '4'],
      boxes_received: ['1', '4'],
      target_event_start_timestamp_ms: startMs,
      target_event_end_timestamp_ms: startMs + 1000,
      expire_at: 1_600_000_000,
    },
    boxes: ['1', '4'].map((box_id) => ({
      box: { box_id, calibration_constant: 147.06, unplugged: false },
      counts: counts.slice(),
      boxEvent: {
        event_id,
        box_id,
        event_start_timestamp_ms: timestamps[0] ?? 0,
        event_end_timestamp_ms: (timestamps.at(-1) ?? 0) + 16,
        window_timestamps_ms: timestamps,
        location: 'oahu',
        data_fs_filename: `event_${event_id}_${box_id}`,
      },
    })),
  };
}

describe('formats/export: memory', function () {
  this.timeout(600_000);
  for (const format of EXPORT_FORMATS) {
    // PQDS is text with twelve decimals, and takes its time.
    const many = format === 'pqds' ? MANY / 5 : MANY;
    it(`${format}: ${many} events of two boxes as ${FEW}`, async () => {
      const exporter = eventExporter(format, {
        nowMs: T,
        skipped: (text) => assert.fail(text),
      });
      let bytes = 0;
      let early = 0;
      let most = 0;
      for (let i = 0; i < many; i += 1) {
        for (const chunk of exporter.add(eventParts(i))) bytes += chunk.bytes.length;
        if (i % 10 !== 0) continue;
        // Buffers are freed between turns.
        await new Promise<void>((done) => setImmediate(done));
        const { rss } = process.memoryUsage();
        if (i <= FEW) early = Math.max(early, rss);
        else most = Math.max(most, rss);
      }
      for (const chunk of exporter.finish()) bytes += chunk.bytes.length;
      assert.ok(bytes > many * CYCLES * PER_CYCLE, String(bytes));
      const grown = (most - early) / 1e6;
      assert.ok(grown < SLACK_MB, `${grown.toFixed(0)} MB more after ${many} events than after ${FEW}`);
      process.stdout.write(
        `      ${format}: ${(bytes / 1e6).toFixed(0)} MB, ${grown.toFixed(0)} MB more memory\n`,
      );
    });
  }
});
