/** Our bytes against those of an independent encoder, Debian's protoc, for every message kind. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import fc from 'fast-check';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import * as proto from '../../proto/index.js';
import { runs } from '../support/property.js';
import {
  anyCommand,
  anyMeasurement,
  anyRequestData,
  anyRequestEvent,
  anyResponse,
  anyTrigger,
  anyWaveform,
  cycles2Text,
  cycles3Text,
} from './protoc-arbitraries.js';
import type { Text } from './protoc-text.js';
import { textFormat } from './protoc-text.js';

const RUNS = 12;
const FOLDER = path.join(PACKAGE_ROOT, 'proto');

describe('proto against protoc', () => {
  if (spawnSync('protoc', ['--version']).status !== 0) {
    it.skip('SKIPPED: protoc is not on the PATH (Debian package protobuf-compiler)');
    return;
  }

  same('opq.proto.TriggerMessage', anyTrigger, proto.triggerMessage);
  same('opq.proto.RequestDataMessage', anyRequestData, proto.requestData);
  same('opq.proto.RequestEventMessage', anyRequestEvent, proto.requestEvent);
  same('opq.opqbox3.Measurement', anyMeasurement, proto.measurement);
  for (const [kind, arbitrary] of Object.entries(anyCommand)) {
    same('opq.opqbox3.Command', arbitrary, proto.command, kind);
  }
  for (const [kind, arbitrary] of Object.entries(anyResponse)) {
    same('opq.opqbox3.Response', arbitrary, proto.response, kind);
  }

  it('opq.proto.DataMessage', () => {
    check(anyWaveform, (waveform) => {
      const theirs = protoc('opq.proto.DataMessage', cycles2Text(1001, waveform));
      assert.deepEqual(hex(proto.encodeCycles2(1001, waveform)), hex(theirs));
      assert.deepEqual(proto.decodeCycles2([theirs], 1001), waveform);
    });
  });

  it('opq.opqbox3.Cycle', () => {
    check(anyWaveform, (waveform) => {
      const theirs = cycles3Text(waveform).map((text) => protoc('opq.opqbox3.Cycle', text));
      assert.deepEqual(proto.encodeCycles3(waveform).map(hex), theirs.map(hex));
      assert.deepEqual(proto.decodeCycles3(theirs), waveform);
    });
  });
});

/** One message kind: our bytes are protoc's, and protoc's bytes decode to the message. */
function same<T>(
  type: string,
  arbitrary: fc.Arbitrary<{ message: T; text: Text }>,
  codec: proto.Codec<T>,
  kind = '',
): void {
  it(`${type} ${kind}`.trim(), () => {
    check(arbitrary, ({ message, text }) => {
      const theirs = protoc(type, text);
      assert.deepEqual(hex(codec.encode(message)), hex(theirs));
      // a clone has Object's prototype, which generated records lack
      assert.deepEqual(codec.decode(theirs), structuredClone(message));
    });
  });
}

function check<T>(arbitrary: fc.Arbitrary<T>, predicate: (value: T) => void): void {
  fc.assert(fc.property(arbitrary, predicate), { numRuns: runs(RUNS) });
}

function protoc(type: string, text: Text): Buffer {
  const file = type.startsWith('opq.proto.') ? 'opq.proto' : 'opqbox3.proto';
  const options = [`--encode=${type}`, '--deterministic_output', `-I${FOLDER}`, path.join(FOLDER, file)];
  return execFileSync('protoc', options, { input: textFormat(text) });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
