/** The messages between the main thread and a worker that receives a share of the stream. */
import type { FindingChange } from '../../common/box-findings.js';
import type { TriggeringServiceSettings } from '../../config/index.js';
import type { Reference, ReferenceData } from '../../store/reference.js';
import type { RingShare } from '../../stream/ring.js';
import type { CurveClientOptions } from '../../stream/stream-socket.js';
import type { BoxHealth } from '../box-health/record.js';
import type { RefusedView } from '../stream-view.js';
import type { Trend, WindowOf } from '../trends/windows.js';
import type { OwnerOptions } from './ownership.js';

/** `workerData` of a worker. */
export interface WorkerStart {
  settings: Pick<TriggeringServiceSettings, 'flags' | 'triggerEndpoint' | 'limits' | 'trendWindowMs'>;
  /** nominal voltage and frequency of boxes: where the store says nothing, and what it says */
  reference: Reference;
  references: ReferenceData;
  curve: CurveClientOptions | undefined;
  owner: OwnerOptions;
  ring: RingShare;
  control: SharedArrayBuffer;
  /** how long it is subscribed to everything at first, ms */
  listenMs: number;
  /** ids that may send; undefined: all */
  idsWithCertificate: readonly number[] | undefined;
}

/** A batch of measurements for the store. */
export interface Gathered {
  /** the write as bytes; their buffer changes hands */
  write: Uint8Array<ArrayBuffer>;
  count: number;
}

export type ToWorker =
  /** close the socket; the worker replies with `closed` */
  | { type: 'stop' }
  /** hand over what there is, and end */
  | { type: 'end' }
  /** the process ends: the socket must be closed before the thread is */
  | { type: 'close' }
  /** topics that the stream probe found */
  | { type: 'found'; topics: string[] }
  /** ids that may send from now on */
  | { type: 'idsWithCertificate'; ids: readonly number[] }
  /** what the store says of nominal voltage and frequency from now on */
  | { type: 'references'; references: ReferenceData }
  /** boxes whose records say that they are not in use */
  | { type: 'unplugged'; ids: readonly number[] }
  /** send the health of all boxes, or of one; the worker replies with the same number */
  | { type: 'health'; request: number; boxId: number | undefined }
  /** this number of measurements is stored, or will not be */
  | { type: 'settled'; count: number };

export type FromWorker =
  | { type: 'listening' }
  /** there are batches in its ring */
  | { type: 'published' }
  | ({ type: 'measurements' } & Gathered)
  | { type: 'trends'; closed: { trend: Trend; of: WindowOf }[]; fromStore: WindowOf[] }
  /** of each box its id, messages, bytes and last time; what was dropped, by reason */
  | { type: 'boxes'; boxes: Float64Array<ArrayBuffer>; dropped: Record<string, number>; refused: RefusedView }
  /** findings of boxes that began or ended */
  | { type: 'findings'; changes: readonly FindingChange[] }
  | { type: 'health'; request: number; records: BoxHealth[] }
  /** a line of the log, as JSON */
  | { type: 'log'; line: string }
  | { type: 'failed'; problem: string }
  /** its socket is closed */
  | { type: 'closed' };
