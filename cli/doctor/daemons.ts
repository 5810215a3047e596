/** Daemons: which of those that are configured run. */
import { duration } from '../status-text.js';
import { type Deployment, each } from './deployment.js';
import { type Diagnosis, reporter } from './diagnosis.js';

const { ok, note } = reporter('daemons');

export function daemons(deployment: Deployment): Diagnosis[] {
  return each(deployment).flatMap(({ kind, source, settings, running }): Diagnosis[] => {
    if (running)
      return [
        ok(kind, `runs for ${duration(running.uptime_seconds)}, pid ${running.pid}; makai status tells more`),
      ];
    if (source === undefined) return [];
    if (settings?.file.fields.status === 'off')
      return [note(kind, 'its status server is off, so nothing can be told', 'give it a "status" address')];
    return [note(kind, 'does not answer', `start it: systemctl start makai-${kind}, or makai ${kind}`)];
  });
}
