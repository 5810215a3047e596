/** Configuration: each file by itself, and whether they fit together. */

import { placeOf, shownUrl } from '../../common/store-url.js';
import { findingLine } from '../../config/findings.js';
import { KINDS } from '../../config/kinds.js';
import { parseEndpoint } from '../../config/types.js';
import { type Deployment, type Examined, each } from './deployment.js';
import { type Diagnosis, reporter } from './diagnosis.js';

const { ok, note, wrong } = reporter('configuration');

export function configuration(deployment: Deployment): Diagnosis[] {
  return [...each(deployment).flatMap(oneFile), ...together(deployment)];
}

function oneFile({ kind, source, findings, unreadable }: Examined): Diagnosis[] {
  if (unreadable) return [wrong(kind, unreadable.message, unreadable.hint ?? 'correct the file')];
  if (source === undefined) {
    const todo = `makai config example ${kind} > ${KINDS[kind].paths[0]}, if the daemon is to run on this machine`;
    return [note(kind, `there is neither a file nor ${KINDS[kind].variable}`, todo)];
  }
  const reported = findings.map((finding) =>
    finding.severity === 'warning'
      ? note(source, findingLine(finding), 'change the setting, unless this is intended')
      : wrong(source, findingLine(finding), 'change the setting; docs/configuration.md lists all of them'),
  );
  return reported.length > 0 ? reported : [ok(source, `valid, for the ${kind}`)];
}

/** An endpoint on this machine that one daemon connects to should be opened by another. */
function together(deployment: Deployment): Diagnosis[] {
  const service = deployment['triggering-service'].settings;
  const broker = deployment['triggering-broker'].settings;
  const acquisition = deployment['acquisition-broker'].settings;
  const found: Diagnosis[] = [];
  if (service && broker)
    found.push(
      ...meet('zmq_trigger_endpoint', service.file.fields.zmq_trigger_endpoint, 'backend', broker.backend),
    );
  if (service && acquisition) {
    found.push(
      ...meet(
        'zmq_acquisition_endpoint',
        service.acquisitionEndpoint,
        'backend_pull',
        acquisition.backendPull,
      ),
      ...sameStore(service.storeUrl, acquisition.storeUrl),
    );
  }
  found.push(...ofAnalysis(deployment));
  return found;
}

/** The analysis service follows what the acquisition broker stores. */
function ofAnalysis(deployment: Deployment): Diagnosis[] {
  const analysis = deployment['analysis-service'].settings;
  const broker = deployment['triggering-broker'].settings;
  const acquisition = deployment['acquisition-broker'].settings;
  const found: Diagnosis[] = [];
  if (analysis && broker)
    found.push(
      ...meet('zmq_trigger_endpoint', analysis.file.fields.zmq_trigger_endpoint, 'backend', broker.backend),
    );
  if (analysis && acquisition) {
    found.push(...meet('zmq_data_endpoint', analysis.dataEndpoint, 'backend_pub', acquisition.backendPub));
    if (placeOf(analysis.storeUrl) !== placeOf(acquisition.storeUrl))
      found.push(
        wrong(
          'store',
          `the analysis service works on ${shownUrl(analysis.storeUrl)}, the acquisition broker writes to ${shownUrl(acquisition.storeUrl)}`,
          'set the same store in both files: no waveform is analysed otherwise',
        ),
      );
  }
  return found;
}

function meet(from: string, connects: string, to: string, opened: string): Diagnosis[] {
  const [a, b] = [parseEndpoint(connects), parseEndpoint(opened)];
  if (!a || !b || b.port === undefined) return [];
  const isHere = /^(127\.|localhost$|\[::1\]$)/.test(a.host) && a.transport === 'tcp';
  if (!isHere) return [];
  if (a.port === b.port) return [ok(from, `${connects} is the address of ${to}`)];
  return [
    wrong(
      from,
      `connects to ${connects}, but on this machine ${to} is ${opened}`,
      `set ${from} and ${to} to the same port`,
    ),
  ];
}

function sameStore(service: string, acquisition: string): Diagnosis[] {
  if (placeOf(service) === placeOf(acquisition))
    return [ok('store', 'the triggering service and the acquisition broker use the same one')];
  const message = `the triggering service writes to ${shownUrl(service)}, the acquisition broker to ${shownUrl(acquisition)}`;
  return [
    note(
      'store',
      message,
      'set the same store in both files, so that events and measurements are found together',
    ),
  ];
}
