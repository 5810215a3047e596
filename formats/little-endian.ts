/** Numbers of 16 bits as the little-endian bytes that files have. */

/** Whether this machine has the same order. */
export const IS_LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The numbers' own memory where the machine has this order; else the bytes are swapped in it. The numbers are not used after that. */
export function littleEndian(numbers: Int16Array | Uint16Array): Buffer {
  const bytes = Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  return IS_LITTLE ? bytes : bytes.swap16();
}

/** A copy of the numbers that the bytes are; a last odd byte is left out. */
export function int16Of(bytes: Uint8Array): Int16Array {
  const numbers = new Int16Array(bytes.length >> 1);
  Buffer.from(numbers.buffer).set(bytes.subarray(0, numbers.byteLength));
  littleEndian(numbers);
  return numbers;
}
