/** `makai incidents list | show | export | annotate`. */
import type { Command } from 'commander';
import { jsonLine, write } from '../../common/stdout.js';
import { annotate } from '../../daemon/annotate.js';
import { isRepeat } from '../../store/incidents.js';
import type { IncidentDocument } from '../../store/store.js';
import { currentUser } from '../audit.js';
import { UsageError } from '../errors.js';
import {
  type IncidentChoice,
  incidentFilter,
  incidentQuery,
  withIncidentChoice,
} from '../incident-choice.js';
import { incidentColumns, incidentText } from '../incident-text.js';
import { print } from '../output.js';
import { parseCount, parseRange, type RangeOptions, withRangeOptions } from '../range.js';
import { type StoreChoice, useStore, withStoreOptions } from '../store-access.js';
import { incidentOf, notFound } from '../stored.js';
import { register as registerExport } from './incidents-export.js';

interface ListOptions extends RangeOptions, StoreChoice, IncidentChoice {
  all?: true;
}

/** Longest remark of a person. */
const MAX_REMARK = 1000;

export function register(program: Command): void {
  const incidents = program
    .command('incidents')
    .description('Show, export and annotate incidents: findings in stored waveforms, and outages.');
  const list = incidents.command('list').description('List incidents in the order of their start.');
  withIncidentChoice(list).option(
    '--all',
    'also those that repeat another one: the same disturbance of a box in the waveform of a further event',
  );
  withStoreOptions(withRangeOptions(list, 'incidents')).action(listIncidents);
  const show = incidents
    .command('show')
    .description('Show one incident: how it was classified, and how it was judged.')
    .argument('<id>', 'incident id')
    .option('--json', 'the document as it is stored');
  withStoreOptions(show).action(showIncident);
  const annotate = incidents
    .command('annotate')
    .description("Add a person's remark to an incident.")
    .argument('<id>', 'incident id')
    .argument('<remark>', 'text of the remark');
  withStoreOptions(annotate).action(annotateIncident);
  registerExport(incidents);
}

async function listIncidents(options: ListOptions): Promise<void> {
  const { limit } = parseRange(options);
  const query = incidentQuery(options);
  const isChosen = incidentFilter(options);
  const showsAll = options.all === true || options.json === true || options.event !== undefined;
  const fits = (one: IncidentDocument): boolean => (showsAll || !isRepeat(one)) && isChosen(one);
  await useStore(options, async (store) => {
    const read = async function* (): AsyncGenerator<IncidentDocument> {
      if (limit === undefined) {
        for await (const one of store.incidents(query)) if (fits(one)) yield one;
        return;
      }
      const newest: IncidentDocument[] = [];
      for await (const one of store.incidents({ ...query, descending: true })) {
        if (newest.length >= limit) break;
        if (fits(one)) newest.push(one);
      }
      yield* newest.reverse();
    };
    await print(read(), incidentColumns(), options);
  });
}

async function showIncident(id: string, options: StoreChoice & { json?: true }): Promise<void> {
  await useStore(options, async (store) => {
    const incidentId = parseCount('<id>', id);
    const incident = await incidentOf(store, incidentId);
    if (options.json) return write(jsonLine(incident));
    const analysis =
      incident.event_id < 0 ? undefined : await store.analysis(incident.event_id, incident.box_id);
    await write(incidentText(incident, analysis?.remarks ?? []));
  });
}

async function annotateIncident(id: string, remark: string, options: StoreChoice): Promise<void> {
  const text = remark.trim();
  if (text === '' || text.length > MAX_REMARK)
    throw new UsageError(`<remark>: expected 1 to ${MAX_REMARK} characters, found ${text.length}`);
  await useStore(options, async (store) => {
    const incidentId = parseCount('<id>', id);
    const incident = await incidentOf(store, incidentId);
    if (!(await annotate(store, currentUser(), incident, text))) notFound('incident', incidentId);
    await write(`incident ${incidentId}: annotated\n`);
  });
}
