/** Frames of existing programs decode to the values an independent decoder wrote beside them. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import * as proto from '../../proto/index.js';
import {
  asCommand,
  asMeasurement,
  asRequestData,
  asRequestEvent,
  asResponse,
  asTrigger,
} from './golden-names.js';

const ROOT = path.join(PACKAGE_ROOT, '../shared/data/golden');

type Fields = Record<string, unknown>;
interface Golden {
  frames: Buffer[];
  decoded: Fields;
}

const contract: proto.Proto = proto;

describe('golden frames', () => {
  if (!existsSync(ROOT)) {
    it.skip(`SKIPPED: no golden frames at ${ROOT}`);
    return;
  }

  const seen = new Set<string>();
  const each = (dialect: 'v2' | 'v3', names: RegExp, check: (golden: Golden) => void): void => {
    const folder = path.join(ROOT, dialect);
    for (const file of readdirSync(folder).sort()) {
      if (!names.test(file)) continue;
      seen.add(`${dialect}/${file}`);
      it(`${dialect}/${file}`, () => check(read(path.join(folder, file))));
    }
  };

  each('v2', /^(trigger_message|triggering_broker)/, ({ frames, decoded }) => {
    const messages = Array.isArray(decoded) ? (decoded as Fields[]) : [decoded];
    assert.equal(frames.length, 2 * messages.length);
    for (const [i, expected] of messages.entries()) {
      assert.equal(frame(frames, 2 * i).toString(), expected['frame 0 (box id)']);
      const message = asTrigger(expected['frame 1 (TriggerMessage)'] as Fields);
      assert.deepEqual(contract.triggerMessage.decode(frame(frames, 2 * i + 1)), message);
      assert.deepEqual(contract.decodeStream(frame(frames, 2 * i + 1)), { dialect: 2, message });
      // which of the many NaNs is sent says nothing
      if (Number.isNaN(message.thd)) continue;
      assert.deepEqual(Buffer.from(contract.triggerMessage.encode(message)), frame(frames, 2 * i + 1));
    }
  });

  each('v2', /^(ping|read)\.json$/, ({ frames, decoded }) => {
    assert.equal(frame(frames, 0).toString(), 'evget');
    const message = asRequestData(decoded['frame 1 (RequestDataMessage)'] as Fields);
    assert.deepEqual(contract.requestData.decode(frame(frames, 1)), message);
    assert.deepEqual(Buffer.from(contract.requestData.encode(message)), frame(frames, 1));
  });

  each('v2', /^(pong.*|error)\.json$/, ({ frames, decoded }) => {
    assert.deepEqual(contract.decodeBoxReply(frame(frames, 0)), {
      dialect: 2,
      message: asRequestData(decoded),
    });
  });

  each('v2', /^request_data_read/, ({ frames, decoded }) => {
    const message = asRequestData(decoded);
    assert.deepEqual(contract.decodeClientRequest(frame(frames, 0)), { kind: 'read', message });
    assert.deepEqual(Buffer.from(contract.requestData.encode(message)), frame(frames, 0));
  });

  each('v2', /^request_event/, ({ frames, decoded }) => {
    const message = asRequestEvent(decoded);
    assert.deepEqual(contract.decodeClientRequest(frame(frames, 0)), { kind: 'event', message });
    assert.deepEqual(Buffer.from(contract.requestEvent.encode(message)), frame(frames, 0));
  });

  each('v2', /^resp_/, ({ frames, decoded }) => {
    const message = asRequestData(decoded['frame 0 (RequestDataMessage)'] as Fields);
    assert.deepEqual(contract.decodeBoxReply(frame(frames, 0)), { dialect: 2, message });
    const expected = decoded['data frames'] as { id: number; cycles: { time: number; data: number[] }[] }[];
    const cycles = expected.flatMap((data) => data.cycles);
    assert.deepEqual(contract.decodeCycles2(frames.slice(1), message.boxId), {
      timesMs: cycles.map(({ time }) => time),
      cycleLengths: cycles.map(({ data }) => data.length),
      samples: Int16Array.from(cycles.flatMap(({ data }) => data)),
    });
    assert.equal(frames.length - 1, expected.length);
    for (const [i, { id, cycles }] of expected.entries()) {
      const one = contract.decodeCycles2([frame(frames, i + 1)], id);
      assert.equal(one.timesMs.length, cycles.length);
    }
  });

  each('v3', /^measurement/, ({ frames, decoded }) => {
    const message = asMeasurement(decoded);
    assert.equal(frame(frames, 0).toString(), String(message.boxId).padStart(4, '0'));
    assert.deepEqual(contract.measurement.decode(frame(frames, 1)), message);
    assert.deepEqual(contract.decodeStream(frame(frames, 1)), { dialect: 3, message });
    assert.deepEqual(contract.measurement.decode(contract.measurement.encode(message)), message);
    assert.equal(contract.measurement.encode(message).length, frame(frames, 1).length);
  });

  each('v3', /^command_/, ({ frames, decoded }) => {
    const message = asCommand(decoded.command as Fields);
    assert.equal(frame(frames, 0).toString(), decoded.topic);
    assert.deepEqual(contract.command.decode(frame(frames, 1)), message);
    assert.deepEqual(Buffer.from(contract.command.encode(message)), frame(frames, 1));
  });

  each('v3', /^client_command_/, ({ frames, decoded }) => {
    const message = asCommand(decoded);
    const last = frame(frames, frames.length - 1);
    assert.deepEqual(contract.decodeClientRequest(last), { kind: 'command', message });
    assert.deepEqual(Buffer.from(contract.command.encode(message)), last);
  });

  const checkReply = (frames: Buffer[], response: Fields, cycles: Fields[]): void => {
    const message = asResponse(response);
    const [head, ...rest] = frames;
    assert.ok(head);
    assert.deepEqual(contract.decodeBoxReply(head), { dialect: 3, message });
    assert.deepEqual(Buffer.from(contract.response.encode(message)), head);
    const waveform = {
      timesMs: cycles.map((cycle) => Number(cycle.timestamp_ms)),
      cycleLengths: cycles.map((cycle) => (cycle.datapoints as number[]).length),
      samples: Int16Array.from(cycles.flatMap((cycle) => cycle.datapoints as number[])),
    };
    assert.deepEqual(contract.decodeCycles3(rest), waveform);
    assert.deepEqual(
      contract.encodeCycles3(waveform).map((bytes) => Buffer.from(bytes)),
      rest,
    );
  };

  each('v3', /^response_/, ({ frames, decoded }) => {
    checkReply(frames, decoded.response as Fields, (decoded.cycles as Fields[] | undefined) ?? []);
  });

  each('v3', /^backend_pub_/, ({ frames, decoded }) => {
    assert.equal(frame(frames, 0).toString(), decoded.identity);
    checkReply(frames.slice(1), decoded.response as Fields, decoded.cycles as Fields[]);
  });

  it('leave out only what holds no message of ours', () => {
    const none =
      /^(evnew.*|xpub_subscription|zap_request|event_id_service|event_notice_v3|health_http)\.json$/;
    const left = ['v2', 'v3']
      .flatMap((dialect) => readdirSync(path.join(ROOT, dialect)).map((file) => ({ dialect, file })))
      .filter(({ dialect, file }) => !seen.has(`${dialect}/${file}`) && !none.test(file));
    assert.deepEqual(left, []);
    assert.ok(seen.size > 30);
  });
});

function read(file: string): Golden {
  const { frames_hex, decoded } = JSON.parse(readFileSync(file, 'utf8')) as {
    frames_hex: string[];
    decoded: Fields;
  };
  return { frames: frames_hex.map((hex) => Buffer.from(hex, 'hex')), decoded };
}

function frame(frames: readonly Buffer[], index: number): Buffer {
  const found = frames[index];
  assert.ok(found, `no frame ${index}`);
  return found;
}
