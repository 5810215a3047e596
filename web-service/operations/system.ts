/** The daemons, the store, live events, what the doctor finds. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { VERSION } from '../../common/version.js';
import { diagnosis } from '../api/system.js';
import { COMMON_HEADERS } from '../http/headers.js';
import { AlreadySent } from '../http/replies.js';
import type { Services } from '../services.js';
import type { Handlers } from './handler.js';

type SystemHandlers = Pick<Handlers, 'getStatus' | 'live' | 'getDiagnosis'>;

const DOCTOR_MS = 60_000;
const DOCTOR_BYTES = 4 * 2 ** 20;

export function systemHandlers({
  access,
  clock,
  daemons,
  limits,
  link,
  live,
  workingFolder,
}: Services): SystemHandlers {
  return {
    getStatus: async () => ({
      now_ms: clock.now(),
      version: VERSION,
      store: link.status,
      daemons: [...daemons.statuses],
      live: { connected: live.connected, boxes: live.active(), viewers: live.viewers },
    }),
    live: async ({ caller, query: { boxes, per_second, topics }, reply, request }) => {
      const wanted = live.topicsOf(topics);
      reply.hijack();
      const { raw } = reply;
      raw.writeHead(200, {
        ...COMMON_HEADERS,
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        // nginx would wait for more before it passes anything on.
        'x-accel-buffering': 'no',
      });
      const lastId = request.headers['last-event-id'];
      live.view(raw, wanted, {
        topics,
        boxes,
        perSecond: per_second,
        lastId: typeof lastId === 'string' ? lastId : undefined,
        isAllowed: async () => caller === undefined || (await access.isValid(caller)),
      });
      return new AlreadySent();
    },
    getDiagnosis: () => limits.doctor.run(async () => ({ items: await diagnose(workingFolder) })),
  };
}

const finding = diagnosis.shape.items.element;

/** Runs the command: it looks from outside, as an administrator would. @param folder working folder of `makai up`; undefined: the default files */
function diagnose(folder: string | undefined): Promise<z.output<typeof finding>[]> {
  const args = [join(PACKAGE_ROOT, 'dist/cli/main.js'), 'doctor', '--json'];
  const options = { timeout: DOCTOR_MS, maxBuffer: DOCTOR_BYTES };
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      folder === undefined ? args : [...args, '--dir', folder],
      options,
      (error, stdout) => {
        // It ends with 1 where something is wrong: that is in what it says.
        if (error !== null && (error.killed === true || stdout === '')) return reject(error);
        try {
          resolve(findingsIn(stdout));
        } catch (failure) {
          reject(failure);
        }
      },
    );
  });
}

/** @param text a finding as JSON on each line. @throws SyntaxError, ZodError for anything else */
export function findingsIn(text: string): z.output<typeof finding>[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return z.array(finding).parse(lines.map((line): unknown => JSON.parse(line)));
}
