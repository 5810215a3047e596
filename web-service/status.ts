/** What the web service reports about itself: in `/status`, and as metrics. */
import type { Metrics } from '../common/metrics/metrics.js';
import type { Rejections } from '../common/rejections.js';
import type { StoreStatus } from './api/system.js';
import type { Services } from './services.js';

export interface WebServiceStatus {
  /** where the page is */
  address: string;
  login: 'on' | 'off';
  store: StoreStatus;
  requests: number;
  /** refused, by reason */
  refused: Record<string, number>;
  live: {
    connected: boolean;
    /** endpoints of triggering brokers that are not connected */
    missing: readonly string[];
    boxes: number;
    viewers: number;
    events: number;
    measurements: number;
    slow_viewers: number;
  };
  /** files of the page; 0: it was not built */
  page_files: number;
  event_requests: number;
  logins_throttled: number;
}

export interface StatusParts {
  services: Services;
  rejections: Rejections;
  address: () => string;
  requests: () => number;
  measurements: () => number;
  pageFiles: number;
}

export function statusOf(parts: StatusParts): WebServiceStatus {
  const { access, link, live, requests } = parts.services;
  return {
    address: parts.address(),
    login: access.login ? 'on' : 'off',
    store: link.status,
    requests: parts.requests(),
    refused: refusedOf(parts),
    live: {
      connected: live.connected,
      missing: live.missing,
      boxes: live.active(),
      viewers: live.viewers,
      events: live.hub.published,
      measurements: parts.measurements(),
      slow_viewers: live.slow,
    },
    page_files: parts.pageFiles,
    event_requests: requests.made,
    logins_throttled: access.throttle.refused,
  };
}

function refusedOf({ rejections, services: { limits } }: StatusParts): Record<string, number> {
  const busy = Object.values(limits).reduce((sum, { refused }) => sum + refused, 0);
  return { ...rejections.totals(), ...(busy > 0 ? { busy } : {}) };
}

export function addMetrics(metrics: Metrics, parts: () => StatusParts): void {
  metrics.counter('makai_http_requests_total', () => parts().requests());
  metrics.gauge('makai_triggering_brokers_missing', () => parts().services.live.missing.length);
  metrics.gauge('makai_live_viewers', () => parts().services.live.viewers);
  metrics.counter('makai_live_viewers_dropped_total', () => parts().services.live.slow);
  metrics.counter('makai_live_events_total', () => parts().services.live.hub.published);
  metrics.counter('makai_logins_throttled_total', () => parts().services.access.throttle.refused);
}
