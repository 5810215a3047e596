/**
 * Which waveforms wait to be analysed: box events without `makai_analysed_ms`, a field of ours. So those that other programs store wait too, and what
 * several processes write at the same time is found whatever their clocks say.
 */
import type { Document } from 'mongodb';
import type { Calibration, WaitingWaveform, WaveformAnalysis } from '../../documents.js';
import { type Context, collection } from '../connection/context.js';
import { mapped } from '../connection/errors.js';
import { calibrationFields } from '../events/box-events.js';
import { int32, int64, listOf, numberOf, textOf } from '../fields/bson.js';

const WAITING: Document = { makai_analysed_ms: null };

export async function markAnalysed(
  context: Context,
  eventId: number,
  boxId: string,
  atMs: number,
  remarks: readonly string[],
  judgedWith: Calibration = {},
): Promise<void> {
  await mapped(`note the analysis of event ${eventId}`, () =>
    collection(context, 'boxEvents').updateOne(
      { event_id: int32(eventId), box_id: boxId },
      {
        $set: {
          makai_analysed_ms: int64(atMs),
          makai_remarks: [...remarks],
          ...calibrationFields(judgedWith),
        },
      },
    ),
  );
}

/** In order of `_id`, which rises as box events are stored. */
export async function waitingWaveforms(
  context: Context,
  limit: number,
  skip = 0,
): Promise<WaitingWaveform[]> {
  const found = await mapped('look for waveforms to analyse', () =>
    collection(context, 'boxEvents')
      .find(WAITING, { projection: { event_id: 1, box_id: 1 } })
      .sort({ _id: 1 })
      .skip(skip)
      .limit(limit)
      .toArray(),
  );
  const waiting: WaitingWaveform[] = [];
  for (const document of found) {
    const eventId = numberOf(document.event_id);
    const boxId = textOf(document.box_id);
    if (eventId !== undefined && boxId !== undefined) waiting.push({ eventId, boxId });
    else await passOver(context, document);
  }
  return waiting;
}

/** A document that names no event or no box would be the first for ever. */
async function passOver(context: Context, { _id }: Document): Promise<void> {
  context.log.warn({ _id: String(_id) }, 'a box event names no event or box: it is not analysed');
  const fields = { makai_analysed_ms: int64(context.now()), makai_remarks: ['it names no event or no box'] };
  await mapped('note a box event that cannot be analysed', () =>
    collection(context, 'boxEvents').updateOne({ _id }, { $set: fields }),
  );
}

export async function countWaitingWaveforms(context: Context, limit: number): Promise<number> {
  return await mapped('count the waveforms to analyse', () =>
    collection(context, 'boxEvents').countDocuments(WAITING, { limit }),
  );
}

export async function readAnalysis(
  context: Context,
  eventId: number,
  boxId: string,
): Promise<WaveformAnalysis | undefined> {
  const found = await mapped(`read the analysis of event ${eventId}`, () =>
    collection(context, 'boxEvents').findOne(
      { event_id: int32(eventId), box_id: boxId },
      { projection: { makai_analysed_ms: 1, makai_remarks: 1 } },
    ),
  );
  const analysedMs = numberOf(found?.makai_analysed_ms);
  return analysedMs === undefined ? undefined : { analysedMs, remarks: listOf(found?.makai_remarks, textOf) };
}
