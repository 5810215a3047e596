/** Z85 (ZeroMQ RFC 32): 4 bytes as 5 printable characters, big endian, base 85. A 32-byte key is 40 characters. */

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';
const DIGITS = new Map([...ALPHABET].map((character, digit) => [character, digit]));

/**
 * @param bytes length a multiple of 4
 * @throws RangeError where it is not
 */
export function z85Encode(bytes: Uint8Array): string {
  if (bytes.length % 4 !== 0) throw new RangeError(`Z85 needs a multiple of 4 bytes, not ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = '';
  for (let at = 0; at < bytes.length; at += 4) {
    const value = view.getUint32(at);
    for (const divisor of [52200625, 614125, 7225, 85, 1]) {
      text += ALPHABET.charAt(Math.floor(value / divisor) % 85);
    }
  }
  return text;
}

/**
 * @param text length a multiple of 5
 * @throws RangeError that says where it is wrong and never repeats the text, which may be a secret
 */
export function z85Decode(text: string): Buffer {
  if (text.length % 5 !== 0) {
    throw new RangeError(`Z85 text comes in fives, this has ${text.length} characters`);
  }
  const bytes = Buffer.alloc((text.length / 5) * 4);
  for (let group = 0; group < text.length / 5; group += 1) {
    let value = 0;
    for (let at = group * 5; at < group * 5 + 5; at += 1) {
      const digit = DIGITS.get(text.charAt(at));
      if (digit === undefined) throw new RangeError(`character ${at + 1} does not belong to Z85`);
      value = value * 85 + digit;
    }
    if (value > 0xffffffff)
      throw new RangeError(`characters ${group * 5 + 1} to ${group * 5 + 5} are no Z85`);
    bytes.writeUInt32BE(value, group * 4);
  }
  return bytes;
}
