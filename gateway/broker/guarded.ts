/** A connection whose packets are not longer than so many bytes: the broker would keep a longer one in memory while it comes in. */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/**
 * Follows the packets by their fixed headers (MQTT 3.1.1, 2.2): one byte of type, then the length in up to four bytes of seven bits each.
 * @returns why the bytes cannot be the next part of such a stream; undefined: they can
 */
export class PacketLengths {
  readonly #maxBytes: number;
  /** bytes of the body that are still to come */
  #left = 0;
  #isInLength = false;
  #length = 0;
  #shift = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @returns false: a packet is too long, or its length has too many bytes */
  accept(bytes: Uint8Array): boolean {
    for (let i = 0; i < bytes.length; ) {
      if (this.#left > 0) {
        const part = Math.min(this.#left, bytes.length - i);
        this.#left -= part;
        i += part;
      } else if (!this.#isInLength) {
        this.#isInLength = true;
        this.#length = 0;
        this.#shift = 0;
        i += 1;
      } else {
        const byte = bytes[i] ?? 0;
        i += 1;
        this.#length += (byte & 0x7f) * 2 ** this.#shift;
        this.#shift += 7;
        if (this.#length > this.#maxBytes || (this.#shift > 21 && byte > 0x7f)) return false;
        if (byte > 0x7f) continue;
        this.#isInLength = false;
        this.#left = this.#length;
      }
    }
    return true;
  }
}

/** A socket that is closed at the first packet that is too long. */
export class GuardedConnection extends Duplex {
  readonly #socket: Socket;

  constructor(socket: Socket, maxBytes: number, tooLong: () => void) {
    super();
    this.#socket = socket;
    const lengths = new PacketLengths(maxBytes);
    socket.on('data', (bytes: Buffer) => {
      if (lengths.accept(bytes)) {
        if (!this.push(bytes)) socket.pause();
        return;
      }
      tooLong();
      this.destroy();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, encoding, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
