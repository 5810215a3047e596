/**
 * Writes events through an outbox, as a daemon does, until SIGTERM, and says each that is on disk: `node steady-writer.js <file>`. At its end it says how many
 * it had accepted; what it lost is in its log on stderr.
 */
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '../../../common/log.js';
import { describeError } from '../../../common/report-error.js';
import { openStore } from '../../../store/open.js';
import { Outbox } from '../../../store/outbox/outbox.js';
import { newEvent } from '../contract/given.js';

const [file = ''] = process.argv.slice(2);
const log = createLogger('steady-writer', 'info');
const say = (document: unknown): void => void writeSync(1, `${JSON.stringify(document)}\n`);

try {
  const retention = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
  const store = await openStore(`sqlite:${file}`, { retention, upgrade: true });
  const outbox = new Outbox({ store, log });
  let isStopping = false;
  process.on('SIGTERM', () => {
    isStopping = true;
  });
  say({ ready: true });
  let accepted = 0;
  while (!isStopping) {
    accepted += 1;
    const id = accepted;
    outbox.put({ kind: 'event', event: newEvent(id, 1_790_000_000_000 + id) }).then(
      () => say({ event: id }),
      () => say({ refused: id }),
    );
    await sleep(10);
  }
  await outbox.stop();
  await store.close();
  say({ accepted });
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = 1;
}
