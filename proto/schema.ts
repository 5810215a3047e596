/**
 * Loads the two .proto files once (protobufjs, reflection; README.md says why) and turns a message type into a pair of
 * functions whose only decode error is `DecodeError`.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import protobuf from 'protobufjs';
import { PACKAGE_ROOT } from '../common/package-root.js';
import { DecodeError } from './codec.js';

// 64-bit fields as numbers, not Long objects: every one is a time or a count below 2^53, and what is not is refused.
(protobuf.util as unknown as { Long: unknown }).Long = undefined;
protobuf.configure();

const root = new protobuf.Root();
for (const file of ['opq.proto', 'opqbox3.proto']) {
  protobuf.parse(readFileSync(path.join(PACKAGE_ROOT, 'proto', file), 'utf8'), root);
}
root.resolveAll();

/** Encode and decode of one message type as the wire has it: camelCase names of the .proto's fields. */
export interface WireCodec<W extends object> {
  encode(wire: W): Uint8Array;
  /** @throws DecodeError for bytes that are not this message */
  decode(bytes: Uint8Array): W;
}

/**
 * @param typeName full name, for example `opq.proto.TriggerMessage`
 * @typeParam W the message's fields; optional ones (proto2) are own properties only when they came
 */
export function wireCodec<W extends object>(typeName: string): WireCodec<W> {
  const type = root.lookupType(typeName);
  const label = type.name;
  return {
    encode: (wire) => type.encode(wire as Record<string, unknown>).finish(),
    decode: (bytes) => {
      try {
        return type.decode(bytes) as unknown as W;
      } catch (cause) {
        throw new DecodeError(`${label}: ${cause instanceof Error ? cause.message : String(cause)}`, {
          cause,
        });
      }
    },
  };
}

/** Numbers of an enum by name, for example of `opq.proto.RequestDataMessage.RequestType`. */
export function enumValues(name: string): Readonly<Record<string, number>> {
  return root.lookupEnum(name).values;
}
