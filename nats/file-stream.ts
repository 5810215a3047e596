/** Streams of JetStream that are kept in files: made where they are missing; and what it means that one is not there, or that a write is refused. */
import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamUpdateConfig,
} from '@nats-io/jetstream';

/** What a stream is made with and keeps. */
type Made = Partial<StreamConfig> & Pick<StreamConfig, 'name'>;

const WRONG_SEQUENCE: readonly number[] = [
  JetStreamApiCodes.StreamWrongLastSequence,
  JetStreamApiCodes.StreamWrongLastSequenceUnknown,
];

/**
 * Makes the stream where it is missing, and changes it where it is not as wanted.
 * @param wanted what may be changed later
 * @returns what was done
 * @throws Error of the client: no JetStream, no space, no permission
 */
export async function ensureFileStream(
  manager: JetStreamManager,
  made: Made,
  wanted: Partial<StreamUpdateConfig>,
): Promise<'made' | 'changed' | 'unchanged'> {
  const present = (await orNotThere(() => manager.streams.info(made.name)))?.config;
  if (present === undefined) {
    await manager.streams.add({
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      ...made,
      ...wanted,
    });
    return 'made';
  }
  const isSame = (Object.keys(wanted) as (keyof typeof wanted)[]).every(
    (name) => JSON.stringify(present[name]) === JSON.stringify(wanted[name]),
  );
  if (isSame) return 'unchanged';
  await manager.streams.update(made.name, wanted);
  return 'changed';
}

/** Whether a write was refused because somebody else has written. */
export function isWrongSequence(error: unknown): boolean {
  return error instanceof JetStreamApiError && WRONG_SEQUENCE.includes(error.code);
}

/** What was never made is no error. @param read asks for a stream, or for what is kept in one @returns undefined where there is no such stream @throws any other Error of the client */
export async function orNotThere<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound)
      return undefined;
    throw error;
  }
}
