/** Reports as JSON, as a page, as PDF. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reportPage, sentenceOf } from '../../reports/html/page.js';
import { findChromium, printPdf } from '../../reports/pdf.js';
import { type Report, readReport } from '../../reports/report.js';
import { MAX_REPORT_MS, type ReportJson } from '../api/reports.js';
import { DOCUMENT_CSP } from '../http/headers.js';
import { RequestError } from '../http/problems.js';
import { Content } from '../http/replies.js';
import type { Services } from '../services.js';
import { definedOnly } from './boxes.js';
import type { Handlers } from './handler.js';

export function reportHandlers({ clock, limits, link, settings }: Services): Pick<Handlers, 'getReport'> {
  return {
    getReport: ({ query: { box, format, from, location, to } }) => {
      if (to <= from || to - from > MAX_REPORT_MS) {
        const message = `expected a time after from, by ${MAX_REPORT_MS / 86_400_000} days at most`;
        throw new RequestError(`to: ${message}`, [{ path: 'to', message }]);
      }
      if (box !== undefined && location !== undefined)
        throw new RequestError('expected box or location, not both');
      return limits.reports.run(async () => {
        const chromium = format === 'pdf' ? findChromium(undefined) : '';
        const report = await link.read((store) =>
          readReport(store, {
            span: { startMs: from, endMs: to },
            boxId: box,
            location,
            reference: settings.reference,
            nowMs: clock.now(),
          }),
        );
        if (format === 'json') return reportJson(report);
        const page = reportPage(report);
        return format === 'html'
          ? new Content('text/html; charset=utf-8', page, { csp: DOCUMENT_CSP })
          : new Content('application/pdf', await pdfOf(page, chromium));
      });
    },
  };
}

/** Without the ten-minute values, which have an operation of their own. */
function reportJson(report: Report): ReportJson {
  const boxes = report.boxes.map(({ windows: _, ...box }) => definedOnly(box));
  return definedOnly({ ...report, sentence: sentenceOf(report), boxes });
}

async function pdfOf(page: string, chromium: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'makai-report-'));
  try {
    const file = join(folder, 'report.pdf');
    await printPdf(page, file, chromium);
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
