/** The store and the spool, as the daemons that write to them see them. */
import { sentence } from '../../store/size-limit.js';
import { type Diagnosis, reporter } from './diagnosis.js';
import { count, fieldsAt, text } from './reading.js';
import type { Report } from './report.js';

const { note, wrong } = reporter('daemons');

/** Writes that wait in memory for no longer than a moment, usually. */
const MANY_WAITING = 10_000;

export function storeUp({ details, kind, metrics }: Report): Diagnosis[] {
  if (details.store === 'unavailable')
    return [
      wrong(
        kind,
        'its store is unavailable: nothing is analysed',
        'check the store; its log says what failed',
      ),
    ];
  const failures = metrics?.total('makai_store_errors_total') ?? 0;
  const waiting = metrics?.total('makai_outbox_waiting') ?? 0;
  const because = text(fieldsAt(details, 'store'), 'last_error');
  // Said with more numbers by `spool`.
  if (text(fieldsAt(details, 'spool'), 'state') === 'unavailable') return [];
  if (metrics?.total('makai_store_up') === 0)
    return [
      wrong(
        kind,
        `its store does not take writes: ${failures} attempts have failed since its start, ${waiting} writes wait${because === undefined ? '' : ` (${because})`}`,
        'check rights, free space and the database server; its log says what failed (store unavailable)',
      ),
    ];
  const found: Diagnosis[] = [];
  if (failures > 0)
    found.push(
      note(
        kind,
        `the store refused ${failures} attempts to write since the start of the daemon; it takes them now`,
        'see its log for the reason',
      ),
    );
  if (waiting > MANY_WAITING)
    found.push(
      note(kind, `${waiting} writes wait in memory for the store`, 'the store is too slow: see makai status'),
    );
  return found;
}

/** The limit `store_max_bytes`, which deletes waveforms when it is reached. */
export function storeSize({ details, kind }: Report): Diagnosis[] {
  const of = fieldsAt(details, 'store_size');
  const state = text(of, 'state');
  if (state === undefined || state === 'below') return [];
  const message = sentence({
    ...{ max_bytes: count(of, 'max_bytes'), used_bytes: count(of, 'used_bytes') },
    ...{ bytes_per_day: count(of, 'bytes_per_day'), full_in_hours: count(of, 'full_in_hours') },
    state,
  });
  const keep = 'makai events keep <id> keeps an event with its waveforms';
  if (state === 'exceeded')
    return [
      wrong(
        kind,
        message,
        'make store_max_bytes larger, or the retention of measurements and trends shorter: new waveforms are deleted as soon as they are stored',
      ),
    ];
  return [note(kind, message, `${keep}; a larger store_max_bytes or a shorter retention keeps them longer`)];
}

export function spool({ details, kind, metrics }: Report): Diagnosis[] {
  const of = fieldsAt(details, 'spool');
  const state = text(of, 'state');
  const [rows, measurements, quarantined] = [
    count(of, 'rows'),
    count(of, 'measurements'),
    count(of, 'quarantined'),
  ];
  const dropped = metrics?.by('makai_spool_dropped_total', 'kind') ?? [];
  const found: Diagnosis[] = [];
  if (state === 'unavailable')
    found.push(
      wrong(
        kind,
        `its database is unavailable; ${rows} writes (${measurements} measurements) wait in its spool`,
        'check that MongoDB runs and that this daemon reaches it; its log says what failed (store unavailable)',
      ),
    );
  if (state === 'draining')
    found.push(note(kind, `delivers what waited in its spool: ${rows} writes`, 'nothing; wait'));
  if (quarantined > 0)
    found.push(
      note(
        kind,
        `${quarantined} writes were refused by the database and are quarantined in its spool`,
        'see its log, and makai store check',
      ),
    );
  if (dropped.length > 0)
    found.push(
      wrong(
        kind,
        `its spool was full or too old and has lost ${dropped.map(([name, n]) => `${n} ${name}`).join(', ')} since its start`,
        'bring the database back; make spool.max_bytes larger for longer outages',
      ),
    );
  return found;
}
