/** Starts the alerts: they follow what the gateway follows, and look at the disk. */
import { createHash } from 'node:crypto';
import { statfsSync } from 'node:fs';
import { BOX_FINDINGS } from '../../common/box-findings.js';
import { type Clock, repeat } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import { Turn } from '../../common/turn.js';
import type { RuleAlert } from '../../rules/index.js';
import type { AlertFields, AlertRegistry } from '../../store/store.js';
import type { FollowedDaemon, FollowedFindings, Follower } from '../followed.js';
import type { Notification } from '../notify/notification.js';
import { Gathered } from './gathered.js';
import { groupAlert, type IncidentStore, isOutageOver, listed, outageAlert } from './incidents.js';
import { Ledger } from './ledger.js';
import { DISK_LOW, DISK_OK, FINDING_SEVERITY, GATHER_MS, TAGS } from './shipped.js';

const MINUTE_MS = 60_000;
/** Open outages are compared with the store so often. */
const COMPARE_MS = 60 * MINUTE_MS;
/** Resolved alerts are kept so long. */
const KEPT_MS = 90 * 86_400_000;

export interface AlertsOptions {
  /** @throws MakaiError STORE_UNAVAILABLE */
  store: () => AlertRegistry & IncidentStore;
  /** durable when it is fulfilled */
  notify: (notification: Notification) => Promise<void>;
  /** web address of a page */
  link: (page: string) => string;
  /** whose free space is watched; undefined: none */
  disk?: string | undefined;
  clock: Clock;
  log: Logger;
}

export interface Alerts extends Running, Required<Omit<Follower, 'event'>> {
  /** A rule of a file fired, or is over. */
  rule(alert: RuleAlert, atMs: number): Promise<void>;
  /** Rules that are firing as far as the store knows. */
  firingRules(): Promise<{ rule: string; subject: string }[]>;
  status(): { open: number; fired: number; resolved: number; silenced: number };
}

export async function startAlerts(options: AlertsOptions): Promise<Alerts> {
  const { clock, disk, log, store } = options;
  const ledger = new Ledger(options);
  const throttled = new ThrottledLog(log, { clock });
  // One after the other: two that come at the same time would both find no alert.
  const turn = new Turn();
  const outages = new Gathered({
    ...{ rule: 'outage', ledger, turn, gatherMs: GATHER_MS.outage, clock, log },
    describe: ({ box_ids: boxes }) => ({
      title: boxes.length === 1 ? `Box ${boxes[0]} is silent` : `${boxes.length} boxes are silent`,
      body: `No measurements arrive from: ${listed(boxes)}`,
    }),
  });
  const findings = new Gathered({
    ...{ rule: 'finding', ledger, turn, gatherMs: GATHER_MS.finding, clock, log },
    describe: ({ body, box_ids: boxes, title }) => ({
      title:
        boxes.length <= 1 ? title : `${boxes.length} boxes: ${title.replace(/^(Box \d+|\d+ boxes): /, '')}`,
      body: `${body.split('\nBoxes: ')[0]}\nBoxes: ${listed(boxes)}`,
    }),
  });
  const begun = [outages, findings];
  const resume = async (): Promise<void> => {
    for (const one of begun.splice(0)) {
      await one.resume().catch((err: unknown) => {
        begun.push(one);
        throttled.warn({ err }, 'the open alerts could not be read, it is tried again');
      });
    }
  };
  let comparedMs = Number.NEGATIVE_INFINITY;
  /** What ended while the gateway did not run, or was removed. */
  const compare = async (): Promise<void> => {
    if (clock.monotonic() - comparedMs < COMPARE_MS) return;
    await outages.endAll((member) => isOutageOver(member, store()));
    comparedMs = clock.monotonic();
  };
  const round = async (): Promise<void> => {
    await turn.run(resume);
    try {
      await turn.run(compare);
      if (disk !== undefined) await turn.run(() => diskAlert(disk, ledger, clock));
      await store().removeAlerts(clock.now() - KEPT_MS);
    } catch (err) {
      throttled.warn({ err }, 'the alerts could not be looked after, it is tried again in a minute');
    }
  };
  await round();
  const rounds = repeat(round, MINUTE_MS, clock);
  return {
    incident: async (incident) => {
      if (incident.classifications.includes('OUTAGE')) await turn.run(() => outageAlert(incident, outages));
    },
    group: (group) => turn.run(() => groupAlert(group, store(), ledger)),
    findings: (found) => turn.run(() => findingAlerts(found, findings, ledger)),
    boxesWithFindings: async () => [
      ...new Set((await ledger.openOf('finding')).flatMap(({ box_ids }) => box_ids)),
    ],
    daemon: (daemon) => turn.run(() => daemonAlert(daemon, ledger)),
    rule: (alert, atMs) => turn.run(() => ruleAlert(alert, atMs, ledger)),
    firingRules: async () =>
      (await ledger.openOf('rule')).map(({ key, subject = '' }) => ({
        rule: key.slice('rule/'.length, key.length - subject.length - 1),
        subject,
      })),
    status: () => ({ open: ledger.open, ...ledger.counts }),
    stop: async () => {
      for (const one of [outages, findings]) one.stop();
      await rounds.stop();
    },
  };
}

async function findingAlerts(
  { box_id, findings: now }: FollowedFindings,
  gathered: Gathered,
  ledger: Ledger,
): Promise<void> {
  const prefix = `finding ${box_id} `;
  const members = new Set(now.map(({ code, since_ms }) => `${prefix}${code} ${since_ms}`));
  for (const alert of await ledger.openOf('finding'))
    for (const member of alert.open_members)
      if (member.startsWith(prefix) && !members.has(member)) await gathered.end(member);
  for (const { code, info, since_ms } of now) {
    const severity = FINDING_SEVERITY[code];
    if (severity === undefined) continue;
    await gathered.begin({
      member: `${prefix}${code} ${since_ms}`,
      boxId: box_id,
      alert: {
        ...{ alert_id: `finding-${box_id}-${code}-${since_ms}`, key: `finding/${code}/${box_id}` },
        ...{ rule: 'finding', severity, notify: [TAGS.finding], started_ms: since_ms },
        title: `Box ${box_id}: ${BOX_FINDINGS[code].meaning}`,
        body: `${info}\nWhat to do: ${BOX_FINDINGS[code].todo}`,
        page: `/boxes/${box_id}`,
      },
    });
  }
}

async function daemonAlert(
  { daemon, reason, running, since_ms }: FollowedDaemon,
  ledger: Ledger,
): Promise<void> {
  const key = `daemon/${daemon}`;
  const open = (await ledger.openOf('daemon')).find((alert) => alert.key === key);
  if (running) {
    if (open !== undefined) await ledger.resolve(open);
    return;
  }
  if (open !== undefined) return;
  await ledger.fire({
    ...single(`daemon-${daemon}-${since_ms}`, key, 'daemon', since_ms),
    ...{ severity: 'critical', notify: [TAGS.daemon], page: '/admin' },
    title: `${daemon} does not run`,
    body: reason ?? 'It does not reply.',
  });
}

async function diskAlert(folder: string, ledger: Ledger, clock: Clock): Promise<void> {
  const { bavail, blocks, bsize } = statfsSync(folder);
  const free = blocks === 0 ? 1 : bavail / blocks;
  const [open] = await ledger.openOf('disk');
  if (open !== undefined && free > DISK_OK) await ledger.resolve(open);
  if (open !== undefined || free >= DISK_LOW) return;
  const now = clock.now();
  await ledger.fire({
    ...single(`disk-${now}`, 'disk/gateway', 'disk', now),
    ...{ severity: 'critical', notify: [TAGS.disk], page: '/admin' },
    title: `The disk is nearly full: ${(100 * free).toFixed(1)} % free`,
    body: `${((bavail * bsize) / 1e9).toFixed(1)} GB are free in ${folder}. When it is full, nothing more is stored.`,
  });
}

async function ruleAlert(alert: RuleAlert, atMs: number, ledger: Ledger): Promise<void> {
  const key = `rule/${alert.rule}/${alert.subject}`;
  const open = (await ledger.openOf('rule')).find((one) => one.key === key);
  if (alert.state === 'resolved') {
    if (open !== undefined) await ledger.resolve(open);
    return;
  }
  const id = `rule-${createHash('sha256').update(key).digest('hex').slice(0, 16)}-${atMs}`;
  if (open !== undefined || (await ledger.find(id)) !== undefined) return;
  const topic = alert.message.topic.replace(/^!/, '');
  await ledger.fire({
    ...single(id, key, 'rule', atMs),
    ...{ severity: alert.severity, notify: [...alert.notify], page: '/overview', subject: alert.subject },
    title: alert.subject === '' ? `Rule ${topic}` : `Rule ${topic}: ${alert.subject}`,
    body: alert.message.payload.slice(0, 4000),
  });
}

function single(
  alert_id: string,
  key: string,
  rule: string,
  started_ms: number,
): Pick<
  AlertFields,
  'alert_id' | 'key' | 'rule' | 'started_ms' | 'state' | 'box_ids' | 'members' | 'open_members'
> {
  return { alert_id, key, rule, started_ms, state: 'pending', box_ids: [], members: [], open_members: [] };
}
