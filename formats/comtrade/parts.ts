/** The parts that a COMTRADE recording comes in: files beside each other, or sections of one CFF. */
import type { Place } from '../problems.js';

export interface Part {
  bytes: Uint8Array;
  /** the file that it is, or is in */
  file: string;
  /** line of the file that its first line is; 1 unless it is a section */
  firstLine?: number;
  /** byte of the file that its first byte is; 0 unless it is a section */
  firstByte?: number;
}

export interface ComtradeParts {
  cfg: Part;
  dat: Part;
  hdr?: Part;
  inf?: Part;
  /** data format that the header of the DAT section names, in a CFF */
  datFormat?: string;
  /** bytes of the DAT section that its header announces, in a CFF */
  datLength?: number;
}

/** @param line within the part, from 1 on */
export function lineOf({ file, firstLine = 1 }: Part, line: number): Place {
  return { file, line: firstLine + line - 1 };
}

/** @param byte within the part, from 0 on */
export function byteOf({ file, firstByte = 0 }: Part, byte: number): Place {
  return { file, byte: firstByte + byte };
}
