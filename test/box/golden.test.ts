/** A simulated box replies and measures like existing boxes: compared with frames captured from their programs. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { analysisOf } from '../../box/analysis.js';
import { BOX2_HABITS, Box2 } from '../../box/box2.js';
import { BOX3_HABITS, Box3 } from '../../box/box3.js';
import { CycleBuffer } from '../../box/buffer.js';
import type { BoxState, Reaction } from '../../box/frames.js';
import { type CycleSource, memorySource, rawSource } from '../../box/index.js';
import * as proto from '../../proto/index.js';
import { SHARED } from './support.js';

const GOLDEN = path.join(SHARED, 'golden');

interface Golden {
  frames: Buffer[];
  decoded: Record<string, unknown>;
  /** the request in `notes`, as frames */
  request: Buffer[];
}

function golden(file: string): Golden {
  const { frames_hex, decoded, notes } = JSON.parse(readFileSync(path.join(GOLDEN, file), 'utf8'));
  const request = /\[('|")([0-9a-f", ']*)\]/.exec(notes)?.[0] ?? '[]';
  return {
    frames: (frames_hex as string[]).map((hex) => Buffer.from(hex, 'hex')),
    decoded,
    request: (JSON.parse(request.replaceAll("'", '"')) as string[]).map((hex) => Buffer.from(hex, 'hex')),
  };
}

/** A box that has run for 20 s at `nowMs`, with the latest `capacity` cycles in its buffer. */
function stateAt(id: number, nowMs: number, source: CycleSource, capacity = 216_000): BoxState {
  const startedMs = nowMs - 20_000;
  const buffer = new CycleBuffer(startedMs, capacity);
  buffer.advance(nowMs);
  return { id, buffer, analysis: analysisOf(source), now: () => nowMs, startedMs, publicKey: '' };
}

function replyOf(answer: Reaction): Buffer[] {
  assert.equal(answer.kind, 'reply');
  return answer.kind === 'reply' ? answer.frames.map((frame) => Buffer.from(frame)) : [];
}

describe('golden frames of the boxes', () => {
  if (!existsSync(GOLDEN)) {
    it.skip(`SKIPPED: no golden frames at ${GOLDEN}`);
    return;
  }
  const event = rawSource(path.join(SHARED, 'opq-box/event_9354_1'), 96.56);

  describe('Box 2', () => {
    for (const file of ['pong', 'error', 'pong_to_box3_command']) {
      it(`${file}: the same bytes`, () => {
        const { frames, decoded, request } = golden(`v2/${file}.json`);
        const box = new Box2(stateAt(1001, Number(decoded.time), event), BOX2_HABITS);
        assert.deepEqual(replyOf(box.reactTo(request)), frames);
      });
    }

    const command = Buffer.from('10d10f188af28089a0342206766965775f78320408011002', 'hex');
    const withSeq = (seq: number): Buffer => Buffer.concat([Buffer.from([0x08, seq]), command]);
    const asked = (seq: number): Reaction =>
      new Box2(stateAt(1001, 1_795_315_219_172, event), BOX2_HABITS).reactTo([
        Buffer.from('2001'),
        withSeq(seq),
      ]);

    it('takes seq 2, 4 and 5 of a Box 3 Command for other types (ERROR), seq 3 for a READ', () => {
      for (const seq of [2, 4, 5]) {
        const { message } = proto.decodeBoxReply(replyOf(asked(seq))[0] ?? Buffer.alloc(0));
        assert.equal((message as proto.RequestDataMessage).type, 'ERROR');
        assert.equal((message as proto.RequestDataMessage).sequenceNumber, 2001);
      }
      const [head, ...data] = replyOf(asked(3));
      const { message } = proto.decodeBoxReply(head ?? Buffer.alloc(0));
      assert.equal((message as proto.RequestDataMessage).type, 'RESP');
      assert.equal(proto.decodeCycles2(data).timesMs.length, 10);
    });

    it('does not reply to seq 0, 6 and above', () => {
      for (const seq of [6, 100]) assert.equal(asked(seq).kind, 'ignored');
      const box = new Box2(stateAt(1001, 1_795_315_219_172, event), BOX2_HABITS);
      assert.equal(box.reactTo([Buffer.from('2001'), command]).kind, 'ignored');
      assert.equal(
        box.reactTo([Buffer.from('2001'), Buffer.concat([Buffer.from('088201', 'hex'), command])]).kind,
        'ignored',
      );
    });

    for (const file of ['resp_1s', 'resp_100ms', 'resp_before_buffer', 'resp_no_cycles', 'resp_no_window']) {
      it(`${file}: the same fields, the same frames`, () => {
        const { frames, decoded, request } = golden(`v2/${file}.json`);
        const head = decoded['frame 0 (RequestDataMessage)'] as Record<string, number>;
        const box = new Box2(stateAt(1001, Number(head.time), event, 1200), BOX2_HABITS);
        const reply = replyOf(box.reactTo(request));
        assert.deepEqual(reply[0], frames[0]);
        const shape = (list: Buffer[]): number[][] =>
          list.slice(1).map((frame) => proto.decodeCycles2([frame], 1001).cycleLengths);
        assert.deepEqual(shape(reply), shape(frames));
      });
    }

    it('trigger_message_sequence: the same RMS, frequency and THD for the same samples', () => {
      const { frames } = golden('v2/trigger_message_sequence.json');
      const theirs = frames.filter((_, i) => i % 2 === 1).map((frame) => proto.triggerMessage.decode(frame));
      const box = new Box2(stateAt(1001, 1_795_315_190_000, event), BOX2_HABITS);
      const ours = Array.from({ length: 11 }, () =>
        proto.triggerMessage.decode(Buffer.from(box.message()[1] ?? '')),
      );
      for (const message of theirs) {
        const [same] = ours.filter(({ rms }) => Math.abs(rms - message.rms) < 1e-4 * message.rms);
        assert.ok(same, `no message of ours has RMS ${message.rms}`);
        // its filters delay the samples that count for the frequency by a few cycles; its THD sum runs past the Nyquist line
        assert.ok(
          Math.abs(same.frequency - message.frequency) < 0.05,
          `${same.frequency} ${message.frequency}`,
        );
        assert.ok(Math.abs((same.thd ?? 0) / (message.thd ?? 1) - 1) < 0.07, `${same.thd} ${message.thd}`);
      }
    });

    it('trigger_message_dead_input: infinity, NaN and 0', () => {
      const { frames } = golden('v2/trigger_message_dead_input.json');
      const theirs = proto.triggerMessage.decode(frames[1] ?? Buffer.alloc(0));
      const dead = memorySource(new Int16Array(2000), 96.56, 'dead input');
      const box = new Box2(stateAt(1001, theirs.time + 20_000, dead), BOX2_HABITS);
      const ours = proto.triggerMessage.decode(Buffer.from(box.message()[1] ?? ''));
      for (const name of ['id', 'frequency', 'rms', 'thd'] as const) assert.equal(ours[name], theirs[name]);
      assert.deepEqual(Object.keys(ours), Object.keys(theirs));
    });
  });

  describe('Box 3', () => {
    const answerOf = (
      file: string,
      habits = BOX3_HABITS,
      capacity = 3000,
    ): { ours: Buffer[]; theirs: Buffer[] } => {
      const { frames, decoded } = golden(`v3/${file}.json`);
      const { request, response } = decoded as Record<string, Record<string, unknown>>;
      const nowMs = Number(response?.timestamp_ms);
      const box = new Box3(stateAt(7, nowMs, event, capacity), habits);
      return { ours: replyOf(box.reactTo([Buffer.from('7'), commandOf(request ?? {})])), theirs: frames };
    };

    for (const file of [
      'response_get_data_empty',
      'response_set_measurement_rate',
      'response_command_to_plugin',
    ]) {
      it(`${file}: the same bytes`, () => {
        const { ours, theirs } = answerOf(file);
        assert.deepEqual(ours, theirs);
      });
    }

    it('response_get_data: one frame per cycle, the header with the timestamps of the first and the last', () => {
      const { ours, theirs } = answerOf('response_get_data');
      // 200 ms contain 11 or 12 timestamps
      assert.ok(Math.abs(ours.length - theirs.length) <= 1, `${ours.length} frames`);
      const { message } = proto.decodeBoxReply(ours[0] ?? Buffer.alloc(0));
      const cycles = proto.decodeCycles3(ours.slice(1));
      const { startTs, endTs } = (message as proto.Response).body as { startTs: number; endTs: number };
      assert.equal(startTs, cycles.timesMs[0]);
      assert.equal(endTs, cycles.timesMs[cycles.timesMs.length - 1]);
      assert.ok(startTs > 1_795_315_357_384 && endTs < 1_795_315_357_584);
      assert.equal(ours[1]?.[0], 0x08, 'samples are not packed');
    });

    const { decoded } = golden('v3/response_get_data.json');
    const cycles = decoded.cycles as { datapoints: number[] }[];
    const feed = memorySource(Int16Array.from(cycles[0]?.datapoints ?? []), 1, 'the cycle of the capture');
    // the feeder's own constant, from its RMS of 120.05129 V
    const volts = analysisOf(feed).rms(0) / 120.05129;
    const source = memorySource(feed.cycle(0), volts, 'the cycle of the capture, in volts');

    for (const [file, habits, skip] of [
      ['measurement_warmup', BOX3_HABITS, 0],
      ['measurement', BOX3_HABITS, 5],
      ['measurement_rate10', { ...BOX3_HABITS, measurementWindowCycles: 10 }, 40],
      ['measurement_rms_only', { ...BOX3_HABITS, measurementWindowCycles: 1 }, 0],
    ] as const) {
      it(`${file}: the same metrics for the same samples`, () => {
        const theirs = proto.measurement.decode(golden(`v3/${file}.json`).frames[1] ?? Buffer.alloc(0));
        const box = new Box3(stateAt(theirs.boxId, theirs.timestampMs, source), habits);
        for (let i = 0; i < skip; i += 1) box.message();
        const [topic, frame] = box.message();
        assert.equal(topic, golden(`v3/${file}.json`).frames[0]?.toString());
        const ours = proto.measurement.decode(Buffer.from(frame ?? ''));
        assert.deepEqual(Object.keys(ours.metrics).sort(), Object.keys(theirs.metrics).sort());
        for (const [name, metric] of Object.entries(theirs.metrics)) {
          for (const key of ['min', 'max', 'average'] as const) {
            const [a, b] = [ours.metrics[name]?.[key] ?? Number.NaN, metric[key]];
            // `trans` is a twentieth of a volt that the high-pass lets through of the third harmonic
            assert.ok(
              Math.abs(a - b) <= (name === 'trans' ? 0.05 : 1e-4) * b,
              `${name} ${key}: ${a} and ${b}`,
            );
          }
        }
      });
    }
  });
});

/** The frame of a command as the captures write it. */
function commandOf(request: Record<string, unknown>): Uint8Array {
  const data = request.data_command as Record<string, string> | undefined;
  const rate = request.sampling_rate_command as Record<string, number> | undefined;
  const plugin = request.send_command_to_plugin as Record<string, string> | undefined;
  const body: proto.CommandBody =
    data !== undefined
      ? { kind: 'data', startMs: Number(data.start_ms), endMs: Number(data.end_ms), wait: false }
      : rate !== undefined
        ? { kind: 'samplingRate', measurementWindowCycles: rate.measurement_window_cycles ?? 0 }
        : { kind: 'plugin', pluginName: plugin?.plugin_name ?? '', message: plugin?.message ?? '' };
  return proto.command.encode({
    seq: Number(request.seq),
    boxId: Number(request.box_id),
    timestampMs: Number(request.timestamp_ms),
    identity: String(request.identity),
    body,
  });
}
