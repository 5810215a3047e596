/**
 * Reads the fields of a message one by one without allocating and without exceptions: a fault sets `problem` and moves to the
 * end of the frame, so that loops over `pos < limit` come to their end and one look at `problem` afterwards is enough.
 * It takes and refuses what protobufjs takes and refuses (a property test holds the two together).
 */

/** Deeper groups are refused, as protoc does. */
const GROUP_DEPTH = 100;
const TWO_32 = 0x1_0000_0000;

export class WireReader {
  frame: Uint8Array = new Uint8Array(0);
  pos = 0;
  /** end of the message being read: of the frame, or of the submessage inside it */
  limit = 0;
  /** the frame is not a message */
  problem = false;

  /** Starts on a frame. The reader keeps it until the next one. */
  open(frame: Uint8Array): void {
    this.frame = frame;
    this.pos = 0;
    this.limit = frame.length;
    this.problem = false;
  }

  /** Field number × 8 + wire type. */
  tag(): number {
    const value = this.varint35();
    return value < TWO_32 ? value : this.fail();
  }

  /** An int32 or uint32 as its low 32 bits, unsigned; a negative int32 comes in ten bytes. */
  uint32(): number {
    const { frame, limit } = this;
    let value = 0;
    let at = this.pos;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= limit) return this.fail();
      const byte = frame[at++] ?? 0;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.pos = at;
        return value >>> 0;
      }
    }
    return this.fail();
  }

  /** A uint64 as a double: exact up to 2^53, above that not a safe integer. */
  uint64(): number {
    const { frame, limit } = this;
    let low = 0;
    let high = 0;
    let at = this.pos;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= limit) return this.fail();
      const byte = frame[at++] ?? 0;
      const part = byte & 0x7f;
      if (shift < 28) low |= part << shift;
      else if (shift === 28) {
        low |= part << 28;
        high = part >>> 4;
      } else high |= part << (shift - 32);
      if (byte < 0x80) {
        this.pos = at;
        return (low >>> 0) + (high >>> 0) * TWO_32;
      }
    }
    return this.fail();
  }

  /** The bits of a float as an int32: a double returned from here would be boxed, which costs more than the reading. */
  floatBits(): number {
    const at = this.pos;
    if (at + 4 > this.limit) {
      this.fail();
      return 0;
    }
    this.pos = at + 4;
    return int32At(this.frame, at);
  }

  /** Reads the length of a length-delimited field. @returns where the field ends, never past `limit` */
  end(): number {
    const length = this.varint35();
    // protobuf's own limit of a length is 31 bits
    if (length > 0x7fff_ffff || this.pos + length > this.limit) return this.fail();
    return this.pos + length;
  }

  /** Skips a field whose tag was read. `depth`: how many groups or messages it is in. */
  skip(tag: number, depth: number): void {
    if (depth > GROUP_DEPTH || tag < 8) {
      this.fail();
      return;
    }
    switch (tag & 7) {
      case 0:
        while ((this.frame[this.pos] ?? 0) >= 0x80 && this.pos < this.limit) this.pos++;
        this.move(1);
        break;
      case 1:
        this.move(8);
        break;
      case 2:
        this.pos = this.end();
        break;
      case 3:
        this.skipGroup(tag >>> 3, depth);
        break;
      case 5:
        this.move(4);
        break;
      default:
        this.fail();
    }
  }

  /** Gives up: the frame is not a message. @returns the end of the frame, which ends every loop */
  fail(): number {
    this.problem = true;
    this.limit = this.frame.length;
    this.pos = this.limit;
    return this.limit;
  }

  private skipGroup(field: number, depth: number): void {
    while (!this.problem) {
      const tag = this.tag();
      if (this.problem) return;
      if ((tag & 7) === 4) {
        if (tag >>> 3 !== field || field === 0) this.fail();
        return;
      }
      this.skip(tag, depth + 1);
    }
  }

  private move(bytes: number): void {
    this.pos += bytes;
    if (this.pos > this.limit) this.fail();
  }

  /** A varint of at most five bytes. */
  private varint35(): number {
    const { frame, limit } = this;
    let at = this.pos;
    if (at >= limit) return this.fail();
    const first = frame[at++] ?? 0;
    if (first < 0x80) {
      this.pos = at;
      return first;
    }
    let value = first & 0x7f;
    for (let scale = 0x80; scale <= 0x1000_0000; scale *= 0x80) {
      if (at >= limit) return this.fail();
      const byte = frame[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        this.pos = at;
        return value;
      }
    }
    return this.fail();
  }
}

/** Four bytes, the lowest first, as an int32. */
export function int32At(frame: Uint8Array, at: number): number {
  return (
    (frame[at] ?? 0) |
    ((frame[at + 1] ?? 0) << 8) |
    ((frame[at + 2] ?? 0) << 16) |
    ((frame[at + 3] ?? 0) << 24)
  );
}
