/** Generators of frames: well-formed fields in odd orders, and bytes that somebody damaged. */
import fc from 'fast-check';

export function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return bytes;
}

export function tag(field: number, wireType: number): number[] {
  return varint(BigInt(field * 8 + wireType));
}

export function delimited(field: number, content: readonly number[]): number[] {
  return [...tag(field, 2), ...varint(BigInt(content.length)), ...content];
}

/** A length-delimited field whose length takes more bytes than it need; protobuf allows five in all. */
function delimitedLoosely(field: number, content: readonly number[], more: number): number[] {
  const length = varint(BigInt(content.length));
  const last = length.pop() ?? 0;
  return [...tag(field, 2), ...length, last | 0x80, ...new Array<number>(more - 1).fill(0x80), 0, ...content];
}

export function float(value: number): number[] {
  return [...new Uint8Array(Float32Array.of(value).buffer)];
}

/** Any varint of 64 bits, small ones and negative ones often; sometimes longer than it need be. */
export const anyVarint: fc.Arbitrary<number[]> = fc
  .tuple(
    fc.oneof(
      fc.bigInt(0n, 300n),
      fc.bigInt(1_500_000_000_000n, 1_900_000_000_000n),
      fc.bigInt(-40_000n, -1n),
      fc.bigInt(0n, 2n ** 54n),
      fc.bigInt(0n, 2n ** 64n - 1n),
    ),
    fc.integer({ min: 0, max: 12 }),
    fc.boolean(),
  )
  .map(([value, longer, exact]) => {
    const bytes = varint(value);
    if (exact || longer === 0) return bytes;
    const last = bytes.pop() ?? 0;
    return [...bytes, last | 0x80, ...new Array<number>(longer - 1).fill(0x80), 0];
  });

/** Any float32, the odd ones often. */
export const anyFloat: fc.Arbitrary<number[]> = fc
  .oneof(
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0),
  )
  .map(float);

const fieldNumber = fc.oneof(
  fc.integer({ min: 1, max: 9 }),
  fc.constantFrom(15, 16, 2047, 2048, 536_870_911),
);

/** One field of any number and wire type, groups too. */
export const anyField: fc.Arbitrary<number[]> = fc.letrec<{ field: number[] }>((tie) => ({
  field: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.tuple(fieldNumber, anyVarint).map(([n, value]) => [...tag(n, 0), ...value]),
    fc.tuple(fieldNumber, anyFloat).map(([n, value]) => [...tag(n, 5), ...value]),
    fc.tuple(fieldNumber, anyFloat, anyFloat).map(([n, a, b]) => [...tag(n, 1), ...a, ...b]),
    fc.tuple(fieldNumber, fc.array(fc.nat(255), { maxLength: 20 })).map(([n, bytes]) => delimited(n, bytes)),
    fc
      .tuple(fieldNumber, fc.array(fc.nat(255), { maxLength: 6 }), fc.integer({ min: 1, max: 6 }))
      .map(([n, bytes, more]) => delimitedLoosely(n, bytes, more)),
    fc
      .tuple(fieldNumber, fc.array(tie('field'), { maxLength: 3 }))
      .map(([n, inner]) => [...tag(n, 3), ...inner.flat(), ...tag(n, 4)]),
  ),
})).field;

/** Bytes with a few of them cut off, changed, put in or taken out. */
export function damaged(frame: fc.Arbitrary<number[]>): fc.Arbitrary<number[]> {
  const edit = fc.tuple(fc.constantFrom('cut', 'set', 'flip', 'insert', 'remove'), fc.nat(), fc.nat(255));
  return fc.tuple(frame, fc.array(edit, { minLength: 1, maxLength: 4 })).map(([bytes, edits]) => {
    let out = [...bytes];
    for (const [kind, where, value] of edits) {
      const at = out.length === 0 ? 0 : where % out.length;
      if (kind === 'cut') out = out.slice(0, at);
      else if (kind === 'set') out[at] = value;
      else if (kind === 'flip') out[at] = (out[at] ?? 0) ^ (1 << (value & 7));
      else if (kind === 'insert') out.splice(at, 0, value);
      else out.splice(at, 1);
    }
    return out;
  });
}
