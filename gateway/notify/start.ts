/** Starts the notifier: takes notifications, keeps them on disk, delivers them. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import type { IncidentReader } from '../../store/store.js';
import { ALONE, type Shared } from '../state/shared.js';
import { SEND_MS } from './channels/send.js';
import { Deliverer } from './deliver.js';
import type { NotifyFile } from './file.js';
import type { Notification } from './notification.js';
import { waveformPicture } from './png.js';
import { DeliveryQueue } from './queue.js';
import { readNotifyFile } from './read.js';
import { type ReportSource, scheduleReports } from './reports.js';
import { earliestMs, recipientsOf } from './when.js';

export interface NotifyOptions {
  /** YAML; undefined or not there: no recipients */
  file: string | undefined;
  /** of the queue */
  folder: string;
  /** with other gateways; left out: it is the only one */
  shared?: Shared;
  /** @throws MakaiError STORE_UNAVAILABLE */
  store: () => ReportSource & Pick<IncidentReader, 'incident'> & WaveformSource;
  clock: Clock;
  log: Logger;
  /** first pause after a failure, ms */
  firstPauseMs?: number;
  /** a channel that takes longer has failed, ms */
  sendMs?: number;
  env?: Readonly<NodeJS.ProcessEnv>;
}

export interface WaveformSource {
  waveform(fileName: string): Promise<Buffer | undefined>;
}

export interface Notifier extends Running {
  /** Fulfilled when it is on disk for each of its recipients. */
  notify(notification: Notification): Promise<void>;
  /** Reads the file again; a file with mistakes changes nothing. @throws as `readNotifyFile` */
  reload(): Promise<void>;
  /** `failing`: of those that wait, those that have failed; `failed`: given up. What was done is counted for 90 days */
  status(): {
    recipients: number;
    waiting: number;
    sent: number;
    failed: number;
    failing: number;
    last_error?: string;
  };
}

/** @throws MakaiError as `readNotifyFile`; Error when the queue cannot be opened */
export async function startNotify(options: NotifyOptions): Promise<Notifier> {
  const { clock, env, file: path, firstPauseMs = 5000, folder, log, sendMs = SEND_MS, store } = options;
  const { shared = ALONE } = options;
  let file: NotifyFile = readNotifyFile(path, env);
  const queue = new DeliveryQueue(join(folder, 'deliveries.db'), shared);
  const picture = async (incidentId: number): Promise<Buffer | undefined> => {
    const incident = await store().incident(incidentId);
    if (incident === undefined || incident.gridfs_filename === '') return undefined;
    const bytes = await store().waveform(incident.gridfs_filename);
    return bytes === undefined || bytes.length < 2 ? undefined : waveformPicture(samplesOf(bytes));
  };
  const deliverer = new Deliverer({
    file: () => file,
    queue,
    picture,
    clock,
    log,
    firstPauseMs,
    sendMs,
    shared,
  });
  const notify = async (notification: Notification): Promise<void> => {
    const id = notification.id ?? `new-${randomUUID()}`;
    const now = clock.now();
    const to = recipientsOf(file, notification).flatMap((recipient) => {
      const next_ms = earliestMs(recipient, notification, now);
      const held = next_ms > now;
      return recipient.channels.map((_, channel) => ({ recipient: recipient.name, channel, next_ms, held }));
    });
    if (to.length === 0)
      log.info({ title: notification.title, tag: notification.tag }, 'a notification has no recipient');
    queue.add({ ...notification, id }, to, now);
    await shared.flushed();
    deliverer.wake();
  };
  let reports = scheduleReports(file.reports, { store, notify, log });
  deliverer.wake();
  return {
    notify,
    reload: async () => {
      const next = readNotifyFile(path, env);
      await reports.stop();
      file = next;
      reports = scheduleReports(file.reports, { store, notify, log });
    },
    status: () => ({ recipients: file.recipients.length, ...queue.counts(), ...queue.failing() }),
    stop: async () => {
      await reports.stop();
      await deliverer.stop();
      queue.close();
    },
  };
}

/** int16, little endian */
function samplesOf(bytes: Buffer): Int16Array {
  const samples = new Int16Array(Math.floor(bytes.length / 2));
  for (let index = 0; index < samples.length; index += 1) samples[index] = bytes.readInt16LE(2 * index);
  return samples;
}
