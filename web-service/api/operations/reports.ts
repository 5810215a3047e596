/** Operations: reports. */

import type { Operation } from '../operation.js';
import * as r from '../reports.js';

export const REPORTS = {
  getReport: {
    method: 'GET',
    path: '/report',
    tag: 'Reports',
    summary: 'EN 50160, IEEE 519, ITIC, SEMI F47 and availability',
    role: 'viewer',
    query: r.reportQuery,
    status: 200,
    reply: { types: ['text/html', 'application/pdf'], json: r.report },
  },
} as const satisfies Record<string, Operation>;
