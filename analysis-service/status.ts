/** What the analysis service reports about itself: in `/status`, and as metrics. */
import type { Metrics } from '../common/metrics/metrics.js';
import type { HeardBrokers } from '../stream/brokers.js';
import type { AggregatesStatus } from './aggregates/aggregates.js';
import type { Core } from './core.js';
import type { Notices } from './notices/notices.js';
import type { SharingStatus } from './sharing/sharing.js';
import type { FollowerStatus } from './waveforms/follower.js';

export interface AnalysisServiceStatus {
  /** whether the store has been opened; until then nothing is analysed */
  store: 'open' | 'unavailable';
  /** of waveforms; 'off': another service classifies them */
  incidents: FollowerStatus | 'off';
  threads: { running: number; most: number; failures: number };
  /** of incidents of several boxes: not settled yet, and settled since the start */
  groups: { open: number; settled: number };
  /** of measurements, by which outages are known */
  stream?: HeardBrokers;
  /** boxes whose outage goes on */
  outages: number;
  aggregates: AggregatesStatus | undefined;
  notices: number;
  /** only with the setting `nats` */
  nats?: SharingStatus;
}

export function statusOf(
  core: Core | undefined,
  notices: Notices,
  classifies: boolean,
): AnalysisServiceStatus {
  const nothing: FollowerStatus = {
    ...{ waveforms: 0, incidents: 0, remarked: 0, held: 0, failures: 0 },
    backlog: undefined,
  };
  const finders = core?.finders;
  return {
    store: core === undefined ? 'unavailable' : 'open',
    incidents: classifies ? (finders?.follower.status() ?? nothing) : 'off',
    threads: {
      running: finders?.pool.threads ?? 0,
      most: finders?.pool.size ?? 0,
      failures: finders?.pool.failures ?? 0,
    },
    groups: { open: finders?.whole?.groups.open ?? 0, settled: finders?.whole?.groups.settled ?? 0 },
    ...(finders === undefined ? {} : { stream: finders.heard.status() }),
    outages: finders?.whole?.outages.open ?? 0,
    aggregates: core?.aggregates.status(),
    notices: notices.sent,
    ...(core?.sharing === undefined ? {} : { nats: core.sharing.status() }),
  };
}

export function addMetrics(metrics: Metrics, core: () => Core | undefined, notices: Notices): void {
  const follower = (): FollowerStatus | undefined => core()?.finders?.follower.status();
  metrics.counter('makai_waveforms_analysed_total', () => follower()?.waveforms ?? 0);
  metrics.counter('makai_incidents_total', () => follower()?.incidents ?? 0);
  metrics.counter('makai_waveforms_remarked_total', () => follower()?.remarked ?? 0);
  metrics.gauge('makai_waveforms_waiting', () => follower()?.backlog ?? 0);
  metrics.gauge('makai_triggering_brokers_missing', () => core()?.finders?.heard.status().missing.length);
  metrics.gauge('makai_outages', () => core()?.finders?.whole?.outages.open ?? 0);
  metrics.counter('makai_incident_notices_total', () => notices.sent);
  metrics.counter('makai_aggregates_total', () => core()?.aggregates.status().written ?? 0);
  const sharing = (): SharingStatus | undefined => core()?.sharing?.status();
  metrics.gauge('makai_nats_connected', () => sharing() && Number(sharing()?.connected));
  metrics.gauge('makai_analysis_partitions_owned', () => sharing()?.partitions.length);
  metrics.counter('makai_analysis_partition_moves_total', () => sharing()?.moves);
  metrics.gauge('makai_analysis_elected', () => sharing() && Number(sharing()?.elected));
  metrics.counter('makai_analysis_elections_total', () => sharing()?.elections);
}
