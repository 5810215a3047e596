/** The part of a service that runs plugins that compare boxes, and how it is joined to the others. */
import type { Logger } from '../../common/log.js';
import type { TriggeringServiceSettings } from '../../config/index.js';
import { PluginHost } from '../../plugin-host/plugin-host.js';
import type { EventReader } from '../../store/store.js';
import type { Core } from '../core.js';
import { Comparing } from './comparing.js';

/** A finding of a plugin ends when it is not reported for so long (plugins/sdk/plugin.ts). */
const PLUGIN_FINDING_MS = 180_000;

export function createComparing(
  core: Core,
  settings: TriggeringServiceSettings,
  store: Pick<EventReader, 'events'>,
  log: Logger,
): Comparing {
  const { boxFindings, hosts, pluginData, requests, siteWatch } = core;
  const host = new PluginHost({
    ring: undefined,
    log,
    requests: (found, id) => comparing.output?.requests(found, id),
    results: (found, id) => comparing.output?.results(found, id),
    findings: ({ boxId, code, info }) => boxFindings.report(boxId, code, info, PLUGIN_FINDING_MS),
    limits: settings.pluginLimits,
    reloadOnChange: settings.pluginReload,
    store: pluginData,
  });
  hosts.push(host);
  const comparing: Comparing = new Comparing({
    service: settings.identity,
    places: {
      location: (boxId) => siteWatch.site.location(boxId),
      isMeter: (boxId) => siteWatch.site.isMeter(boxId),
    },
    host,
    make: requests.handle,
    keep: (found, plugin) => pluginData.results(found, plugin),
    events: (range) => store.events(range),
    log,
  });
  return comparing;
}
