/** Reports on a schedule: each is made when it is due and goes to its tags as an attachment. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cron } from 'croner';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { reportPage, sentenceOf } from '../../reports/html/page.js';
import { findChromium, printPdf } from '../../reports/pdf.js';
import { type Report, type ReportStore, readReport } from '../../reports/report.js';
import type { ReportEntry } from './file.js';
import type { Attachment, Notification } from './notification.js';

const DAY_MS = 86_400_000;

export type ReportSource = ReportStore & { boxIdsWithData(): Promise<string[]> };

export interface ReportParts {
  store: () => ReportSource;
  notify: (notification: Notification) => Promise<void>;
  log: Logger;
}

/** What falls due while the gateway does not run is left out: the next one follows by its schedule. */
export function scheduleReports(entries: readonly ReportEntry[], parts: ReportParts): Running {
  const underWay = new Set<Promise<void>>();
  const jobs = entries.map((entry) => {
    const options = { timezone: entry.zone, mode: '5-part' as const, protect: true, unref: true };
    return new Cron(entry.cron, options, (job: Cron) => {
      const dueMs = job.currentRun()?.getTime() ?? Date.now();
      const work = sendReport(entry, dueMs, parts).catch((err: unknown) => {
        parts.log.error({ err, report: entry.name }, 'a report could not be made');
      });
      underWay.add(work);
      return work.finally(() => underWay.delete(work));
    });
  });
  return {
    stop: async () => {
      for (const job of jobs) job.stop();
      await Promise.all(underWay);
    },
  };
}

/** @param dueMs Unix ms: the report covers the days before */
export async function sendReport(entry: ReportEntry, dueMs: number, parts: ReportParts): Promise<void> {
  const report = await readReport(parts.store(), {
    span: { startMs: dueMs - entry.days * DAY_MS, endMs: dueMs },
    ...{ boxId: entry.box, location: entry.location, nowMs: dueMs },
  });
  await parts.notify({
    id: `report-${entry.name}-${Math.floor(dueMs / 60_000)}`,
    title: `Report ${entry.name}: ${entry.days} days until ${new Date(dueMs).toISOString().slice(0, 10)}`,
    body: sentenceOf(report),
    ...{ notify_type: 'info', severity: 'warning', tag: entry.tags },
    attachments: [await attachmentOf(entry, report)],
  });
}

async function attachmentOf({ format, name }: ReportEntry, report: Report): Promise<Attachment> {
  const of = (content_type: string, bytes: Buffer): Attachment => ({
    ...{ name: `${name}.${format}`, content_type },
    content: bytes.toString('base64'),
  });
  if (format === 'json') return of('application/json', Buffer.from(JSON.stringify(report)));
  const page = reportPage(report);
  if (format === 'html') return of('text/html', Buffer.from(page));
  const folder = await mkdtemp(join(tmpdir(), 'makai-report-'));
  try {
    const target = join(folder, 'report.pdf');
    await printPdf(page, target, findChromium());
    return of('application/pdf', await readFile(target));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
