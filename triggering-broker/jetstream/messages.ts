/** What the broker's main thread and the relay's thread say to each other. */
import type { NatsRelaySettings } from '../../config/index.js';
import type { DeliveryCounts } from './delivery.js';

export interface RelayStart {
  settings: NatsRelaySettings;
  /** of the spool */
  file: string;
  /** set to 1 and notified when the thread's socket is closed */
  closed: SharedArrayBuffer;
}

export type ToRelay =
  /** receive from here, too */
  | { type: 'connect'; endpoint: string }
  /** hand over what was received, and close everything */
  | { type: 'stop' }
  /** close the socket: the process ends */
  | { type: 'close' }
  | { type: 'end' };

export type FromRelay =
  | { type: 'ready' }
  /** it has subscribed here */
  | { type: 'connected'; endpoint: string }
  | { type: 'refused'; code: string; message: string; hint: string | undefined }
  | { type: 'status'; status: RelayStatus }
  | { type: 'log'; line: string }
  | { type: 'failed'; problem: string }
  | { type: 'stopped' };

/** How the relay goes, in `/status` under `nats`. */
export interface RelayStatus {
  /** whether there is a connection to NATS */
  connected: boolean;
  /** address of the server */
  server: string | undefined;
  /** times that the connection was lost */
  connections_lost: number;
  /** false: JetStream does not take what is received now, it goes to the disk first */
  direct: boolean;
  /** since the start: messages of boxes received, and those that JetStream has acknowledged */
  messages: number;
  acknowledged: number;
  batches: DeliveryCounts['batches'];
  duplicates: DeliveryCounts['duplicates'];
  failures: DeliveryCounts['failures'];
  /** messages that were dropped, by reason */
  dropped: DeliveryCounts['dropped'] & { too_long: number };
  /** messages that were sent and not acknowledged yet */
  under_way: number;
  spool: { batches: number; messages: number; bytes: number; spooled: number };
}

export const NO_RELAY_STATUS: RelayStatus = {
  connected: false,
  server: undefined,
  connections_lost: 0,
  direct: false,
  messages: 0,
  acknowledged: 0,
  batches: 0,
  duplicates: 0,
  failures: 0,
  dropped: { spool_full: 0, disk_unavailable: 0, refused: 0, too_long: 0 },
  under_way: 0,
  spool: { batches: 0, messages: 0, bytes: 0, spooled: 0 },
};
