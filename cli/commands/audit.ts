/** `makai audit list`. */
import type { Command } from 'commander';
import type { AuditDocument } from '../../store/store.js';
import { whole } from '../number-arguments.js';
import { print } from '../output.js';
import { parseTime } from '../range.js';
import { type StoreChoice, useStore, withStoreOptions } from '../store-access.js';
import { isoTime } from '../time.js';

interface Choice extends StoreChoice {
  from?: string;
  to?: string;
  limit: number;
  json?: true;
}

export function register(program: Command): void {
  const audit = program.command('audit').description('Who changed what in the store.');
  const list = audit
    .command('list')
    .description(
      'List changes of boxes (calibration, nominal values, keys) and of events (kept, deleted), oldest first.',
    )
    .option('--from <time>', 'changes from this time on')
    .option('--to <time>', 'changes before this time')
    .option('--limit <n>', 'the last n', whole, 100)
    .option('--json', 'NDJSON');
  withStoreOptions(list).action(listAudit);
}

async function listAudit(options: Choice): Promise<void> {
  const range = {
    limit: options.limit,
    ...(options.from === undefined ? {} : { fromMs: parseTime('--from', options.from) }),
    ...(options.to === undefined ? {} : { toMs: parseTime('--to', options.to) }),
  };
  await useStore(options, async (store) =>
    print(
      await store.audit(range),
      [
        { title: 'time (UTC)', value: (entry) => isoTime(entry.timestamp_ms) },
        { title: 'user', value: (entry) => entry.user },
        { title: 'command', value: (entry) => entry.command },
        { title: 'what', value: (entry) => entry.subject },
        { title: 'change', value: changeOf },
      ],
      options,
    ),
  );
}

/** `calibration_constant 152.5 → 153` */
function changeOf({ after, before }: AuditDocument): string {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  const text = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value));
  return names
    .filter((name) => name !== 'box_id' && name !== 'event_id')
    .map((name) => `${name} ${text(before?.[name])} → ${text(after?.[name])}`)
    .join(', ');
}
