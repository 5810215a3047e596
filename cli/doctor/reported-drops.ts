/** What a daemon dropped since its start, by reason (docs/metrics.md). */
import { DROP_REASONS, type DropReason } from '../../common/drop-reasons.js';
import { type Diagnosis, reporter } from './diagnosis.js';
import { count, fieldsAt } from './reading.js';
import type { Report } from './report.js';

const { note, wrong } = reporter('daemons');

/** What was accepted, and then lost. */
const LOST: ReadonlySet<DropReason> = new Set([
  'event_not_stored',
  'event_without_id',
  'finding_not_stored',
  'open_request_not_kept',
  'store_too_slow',
  'too_many_trend_windows',
  'waveform_not_decoded',
  'waveform_not_stored',
]);
/** What happens on a line where all is well. */
const USUAL: ReadonlySet<DropReason> = new Set([
  'duplicate_reply',
  'reply_of_another_box',
  'reply_to_nothing',
  'waveform_budget_of_all',
  'waveform_budget_of_box',
]);
const CLOCK: ReadonlySet<DropReason> = new Set([
  'time_in_the_future',
  'time_too_old',
  'window_in_the_future',
  'window_too_old',
]);

const isDropReason = (name: string): name is DropReason => Object.hasOwn(DROP_REASONS, name);

export function drops({ details, kind }: Report): Diagnosis[] {
  const dropped = fieldsAt(details, 'dropped');
  const reasons = Object.keys(dropped)
    .filter(isDropReason)
    .filter((reason) => count(dropped, reason) > 0)
    .sort((a, b) => count(dropped, b) - count(dropped, a));
  const of = (wanted: (reason: DropReason) => boolean): string =>
    reasons
      .filter(wanted)
      .map((reason) => `${count(dropped, reason)} ${reason}`)
      .join(', ');
  const lost = of((reason) => LOST.has(reason));
  const late = of((reason) => CLOCK.has(reason));
  const others = of((reason) => !LOST.has(reason) && !CLOCK.has(reason) && !USUAL.has(reason));
  const found: Diagnosis[] = [];
  if (lost !== '')
    found.push(
      wrong(
        kind,
        `has lost data since its start: ${lost}`,
        'see its log for the reason, and the store above',
      ),
    );
  if (late !== '')
    found.push(
      note(
        kind,
        `has dropped what has an impossible time since its start: ${late}`,
        'compare the clocks of this machine and of the boxes (makai boxes health)',
      ),
    );
  if (others !== '')
    found.push(
      note(kind, `has dropped since its start: ${others}`, 'docs/metrics.md says what each reason means'),
    );
  return found;
}
