/** Daemons: which of the configured ones run, and what they report about themselves. */
import { duration } from '../status-text.js';
import { type Deployment, each } from './deployment.js';
import { type Diagnosis, reporter } from './diagnosis.js';
import { judge } from './reported.js';

const { ok, note } = reporter('daemons');

export function daemons(deployment: Deployment): Diagnosis[] {
  return each(deployment).flatMap(({ kind, metrics, source, settings, running }): Diagnosis[] => {
    if (running)
      return [
        ok(kind, `runs for ${duration(running.uptime_seconds)}, pid ${running.pid}; see makai status`),
        ...judge({ kind, details: running.details, uptimeSeconds: running.uptime_seconds, metrics }),
      ];
    if (source === undefined) return [];
    if (settings?.file.fields.status === 'off')
      return [note(kind, 'its status server is off, so its state is unknown', 'set a "status" address')];
    return [note(kind, 'does not reply', `start it: systemctl start makai-${kind}, or makai ${kind}`)];
  });
}
