/** Plugins: those that the running service refused or that stopped, and those of its configuration that could not be used. */
import { findingLine } from '../../config/findings.js';
import { pluginFileFindings } from '../plugin/entries.js';
import { pluginStates, stoppedPlugins } from '../plugin/states.js';
import type { Deployment } from './deployment.js';
import { type Diagnosis, reporter } from './diagnosis.js';

const { ok, note, wrong } = reporter('plugins');

export async function plugins(deployment: Deployment): Promise<Diagnosis[]> {
  const { running, settings } = deployment['triggering-service'];
  const states = pluginStates(running?.details);
  const stopped = stoppedPlugins(running?.details);
  const found = stopped.map(({ plugin, state, lastError, file }) =>
    wrong(
      plugin,
      `${state === 'refused' ? 'refused' : 'stopped, and restarted after a pause'}: ${lastError ?? 'no reason given'}`,
      `correct its settings or ${file}, then reload (SIGHUP); makai plugin check says more`,
    ),
  );
  if (states.length > 0 && found.length === 0) found.push(ok('plugins', `all ${states.length} run`));
  const named = new Set(stopped.map(({ lastError }) => lastError));
  for (const finding of await pluginFileFindings(settings?.file.fields.plugins)) {
    if (finding.severity === 'warning')
      found.push(note(finding.path, finding.message, 'correct the name, unless this is intended'));
    else if (!named.has(finding.message))
      found.push(wrong('configuration', findingLine(finding), 'correct the setting or the file'));
  }
  const configured = settings?.file.fields.plugins?.length;
  if (found.length === 0 && configured !== undefined)
    found.push(
      ok('plugins', configured === 0 ? 'none is configured' : `all ${configured} configured can be used`),
    );
  return found;
}
