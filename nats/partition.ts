/** The subjects of the measurement stream: boxes are divided into partitions, by their id alone. */

/**
 * How many partitions there are. The same in every version: batches that wait in a stream or in a spool keep their partition.
 */
export const PARTITIONS = 64;

/** The stream in JetStream, and what it takes: `makai.measurements.0` to `makai.measurements.63`. */
export const STREAM = 'MAKAI_MEASUREMENTS';
const SUBJECTS = 'makai.measurements';
export const ALL_PARTITIONS = `${SUBJECTS}.*`;

const ZERO = 0x30;
/** Digits of the longest box id, with zeros that a topic may be padded with. */
const MAX_TOPIC = 20;

/** The subject of a partition. */
export function subjectOf(partition: number): string {
  return `${SUBJECTS}.${partition}`;
}

/**
 * The partition of a message by its topic, which is the box id in decimal. A Box 3 pads its id with zeros; both forms of an id have the same partition.
 * What is no id is in partition 0, whose reader counts it.
 */
export function partitionOf(topic: Uint8Array | undefined): number {
  if (topic === undefined || topic.length === 0 || topic.length > MAX_TOPIC) return 0;
  let id = 0;
  for (const byte of topic) {
    const digit = byte - ZERO;
    if (digit < 0 || digit > 9) return 0;
    id = 10 * id + digit;
  }
  return partitionOfBox(id);
}

/** @param boxId a whole number, not negative */
export function partitionOfBox(boxId: number): number {
  return mix(boxId) % PARTITIONS;
}

/** Spreads 32 bits over 32 bits, one to one: the finalizer of MurmurHash3 (Austin Appleby, public domain). */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
