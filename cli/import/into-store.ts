/** A recording of another instrument into the store: boxes, original, event, box events. Every step may be done twice, so a broken import is done again. */
import { MakaiError } from '../../common/errors.js';
import type { ImportedRecording } from '../../formats/import/index.js';
import { UNKNOWN_LOCATION } from '../../store/boxes.js';
import type { EventDocument, OriginalFile, Store } from '../../store/store.js';
import { UsageError } from '../errors.js';
import type { ImportBoxes, Placed } from './boxes.js';

export interface ImportedEvent {
  file: string;
  recording: number;
  event_id: number;
  start_ms: number;
  seconds: number;
  boxes: { box_id: string; channel: string; location: string; calibration_constant: number }[];
  /** what stays in the original file */
  not_imported: string[];
  /** it was there before */
  duplicate: boolean;
}

export interface Source {
  /** as the user named it */
  file: string;
  sha256: string;
  files: OriginalFile[];
  /** ids in the order of the voltages; without it boxes go by station and channel */
  boxIds?: readonly string[];
}

/** @throws MakaiError; UsageError when another number of boxes is named than there are voltages */
export async function importRecording(
  store: Store,
  boxes: ImportBoxes,
  source: Source,
  recording: ImportedRecording,
): Promise<ImportedEvent> {
  const known = await store.importedEventId(source.sha256, recording.number);
  const before = known === undefined ? undefined : await store.event(known);
  if (before !== undefined && isComplete(before)) return await reported(store, source, recording, before);

  const placed = await placedInStore(store, boxes, source, recording);
  const [drawn = 0] = known === undefined ? await store.nextEventIds(1) : [known];
  const { sha256, files } = source;
  const event_id = await store.putOriginal({ event_id: drawn, sha256, recording: recording.number, files });
  const times = recording.channels.map(({ waveform }) => waveform.timesMs);
  await store.apply({
    kind: 'event',
    event: {
      event_id,
      type: 'OTHER',
      description: descriptionOf(source, recording),
      boxes_triggered: placed.map(({ box }) => box.box_id),
      percent_magnitude: 0,
      target_event_start_timestamp_ms: Math.min(...times.map((of) => of[0] ?? 0)),
      target_event_end_timestamp_ms: Math.max(...times.map((of) => (of.at(-1) ?? 0) + 16)),
    },
  });
  for (const [i, { box, counts }] of placed.entries()) {
    const window_timestamps_ms = times[i] ?? [];
    const boxEvent = {
      event_id,
      box_id: box.box_id,
      event_start_timestamp_ms: window_timestamps_ms[0] ?? 0,
      event_end_timestamp_ms: (window_timestamps_ms.at(-1) ?? 0) + 16,
      window_timestamps_ms,
      location: box.location ?? UNKNOWN_LOCATION,
      data_fs_filename: `event_${event_id}_${box.box_id}`,
      calibration_constant: box.calibration_constant,
    };
    await store.apply({ kind: 'box_event', boxEvent, samples: counts, acceptedAtMs: Date.now() });
  }
  const event = await store.event(event_id);
  const result = await reported(store, source, recording, event);
  return { ...result, event_id, duplicate: false };
}

/** Tries so often: another import, or the gateway with its meters, may make the same id at the same time. */
const TRIES = 20;

/** The boxes of the channels, all of which are in the store then. */
async function placedInStore(
  store: Store,
  boxes: ImportBoxes,
  source: Source,
  recording: ImportedRecording,
): Promise<Placed[]> {
  for (let tries = 1; ; tries += 1) {
    const placed = placedIn(boxes, source, recording);
    let isTaken = false;
    for (const { box, isNew } of placed) isTaken ||= isNew && !(await store.addBox(box));
    if (!isTaken) return placed;
    if (tries === TRIES)
      throw new MakaiError('STORE_REFUSED', `${source.file}: others keep taking the ids of its boxes`, {
        hint: 'Import it again.',
      });
    boxes.learn(await store.boxes());
  }
}

function placedIn(boxes: ImportBoxes, { file, boxIds }: Source, recording: ImportedRecording): Placed[] {
  const { channels, station } = recording;
  if (boxIds !== undefined && boxIds.length !== channels.length) {
    const names = channels.map(({ name }) => name).join(', ');
    throw new UsageError(
      `--box names ${boxIds.length} boxes, ${file} has ${channels.length} voltages: ${names}; choose one with --channel, or name as many`,
    );
  }
  return channels.map(({ name, rangeV, waveform }, i) => {
    const channel = { file, station, name, rangeV, volts: waveform.volts };
    const boxId = boxIds?.[i];
    return boxId === undefined ? boxes.byName(channel) : boxes.byId(boxId, channel);
  });
}

/** An import that was broken off has box events that are still to come. */
function isComplete({ boxes_triggered, boxes_received }: EventDocument): boolean {
  return boxes_triggered.every((boxId) => boxes_received.includes(boxId));
}

function descriptionOf({ files }: Source, { name, station }: ImportedRecording): string {
  const what = [station, name].filter((text) => text !== '').join(', ');
  const from = `imported from ${files[0]?.name ?? 'a file'}`;
  return what === '' ? from : `${from}: ${what}`;
}

async function reported(
  store: Store,
  { file }: Source,
  { number, channels, notImported }: ImportedRecording,
  event: EventDocument | undefined,
): Promise<ImportedEvent> {
  const event_id = event?.event_id ?? 0;
  const boxEvents = await store.boxEvents(event_id);
  const boxes = [];
  for (const [i, { box_id, location }] of boxEvents.entries()) {
    const calibration_constant = (await store.box(box_id))?.calibration_constant ?? 1;
    boxes.push({ box_id, channel: channels[i]?.name ?? '', location, calibration_constant });
  }
  const from = event?.target_event_start_timestamp_ms ?? 0;
  return {
    file,
    recording: number,
    event_id,
    start_ms: from,
    seconds: ((event?.target_event_end_timestamp_ms ?? from) - from) / 1000,
    boxes,
    not_imported: notImported,
    duplicate: true,
  };
}
