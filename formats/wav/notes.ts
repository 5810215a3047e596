/**
 * What a WAV file says besides its sound, in the chunk `LIST` of kind `INFO`: `ICRD` when, `IART` who, `INAM` what, `ICMT` a comment. Ours puts names and
 * volts of the channels into the comment, so that they survive: `makai channel 1: name=1001; unit=V; full_scale=339.34`.
 */

export interface WavNotes {
  info: Record<string, string>;
  /** by channel, from 0 on */
  channels: ReadonlyMap<number, ChannelNote>;
}

export interface ChannelNote {
  name: string;
  unit: string;
  /** value in `unit` of full scale (1.0) */
  fullScale: number;
}

const LINE = /^makai channel (\d{1,5}): name=(.*); unit=(.*); full_scale=([\d.eE+-]{1,30})$/;

const MAX_ENTRIES = 100;

/** @param list content of a chunk `LIST` */
export function readNotes(list: Uint8Array): WavNotes {
  const info: Record<string, string> = {};
  const channels = new Map<number, ChannelNote>();
  const buffer = Buffer.from(list.buffer, list.byteOffset, list.byteLength);
  if (buffer.toString('latin1', 0, 4) !== 'INFO') return { info, channels };
  for (let at = 4, entry = 0; at + 8 <= buffer.length && entry < MAX_ENTRIES; entry += 1) {
    const length = buffer.readUInt32LE(at + 4);
    const name = buffer.toString('latin1', at, at + 4);
    const end = Math.min(buffer.length, at + 8 + length);
    if (/^[A-Z0-9]{4}$/.test(name))
      info[name] = buffer
        .toString('utf8', at + 8, end)
        .replace(/\0[\s\S]*$/, '')
        .trim();
    at += 8 + length + (length % 2);
  }
  for (const line of (info.ICMT ?? '').split('\n')) {
    const [, number, channel = '', unit = '', scale] = LINE.exec(line.trim()) ?? [];
    const fullScale = Number(scale);
    if (number !== undefined && Number.isFinite(fullScale) && fullScale > 0 && fullScale < 1e12) {
      channels.set(Number(number) - 1, { name: channel, unit, fullScale });
    }
  }
  return { info, channels };
}

/** Content of a chunk `LIST`. */
export function writeNotes(
  info: Readonly<Record<string, string>>,
  channels: readonly ChannelNote[],
): Uint8Array {
  const comment = channels.map(
    ({ name, unit, fullScale }, i) =>
      `makai channel ${i + 1}: name=${plain(name)}; unit=${plain(unit)}; full_scale=${fullScale}`,
  );
  const entries = Object.entries({ ...info, ICMT: comment.join('\n') }).filter(([, text]) => text !== '');
  const parts: Uint8Array[] = [Buffer.from('INFO')];
  for (const [name, text] of entries) {
    // a NUL ends it, and another makes its length even
    const body = Buffer.from(`${text}\0`);
    const head = Buffer.alloc(8);
    head.write(name, 0, 'latin1');
    head.writeUInt32LE(body.length, 4);
    parts.push(head, body, Buffer.alloc(body.length % 2));
  }
  return Buffer.concat(parts);
}

function plain(text: string): string {
  return text.replace(/[\r\n\0;]/g, ' ').trim();
}
