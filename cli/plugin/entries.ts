/** Whether the plugins of a configuration can be used: each is loaded and configured in a thread of its own, as the daemon does. */
import { MakaiError, messageOf } from '../../common/errors.js';
import { isThere } from '../../common/is-there.js';
import { type Finding, pathText } from '../../config/findings.js';
import { type PluginEntry, settingsOf, resolvePlugin as targetOf } from '../../config/plugins.js';
import { DEFAULT_PLUGIN_LIMITS } from '../../plugin-host/limits.js';
import { manifestFindings, readManifest } from '../../plugin-host/manifest.js';
import { manifestFile } from '../../plugin-host/module-graph.js';
import { type PluginFile, resolvePlugin } from '../../plugin-host/resolve-plugin.js';
import { DEFAULT_RECORDING } from './recording.js';
import { replay } from './replay.js';

/**
 * Findings about plugins that are files. Those that ship are checked by their schemas (config/plugins.ts).
 * Code of the plugins runs: their `onLoad`, or `makai_configure`.
 * @param plugins the list of the configuration, as it stands in the file
 */
export async function pluginFileFindings(plugins: unknown): Promise<Finding[]> {
  if (!Array.isArray(plugins)) return [];
  const found = await Promise.all(
    plugins.map((entry: unknown, i) => (isFile(entry) ? findingsOf(entry, ['plugins', i]) : [])),
  );
  return found.flat();
}

async function findingsOf(entry: PluginEntry, at: readonly PropertyKey[]): Promise<Finding[]> {
  const refused = (message: string, ...more: string[]): Finding => ({
    severity: 'plugin',
    path: pathText([...at, ...more]),
    message,
  });
  let file: PluginFile;
  try {
    file = resolvePlugin(entry.path);
  } catch (error) {
    const hint = error instanceof MakaiError && error.hint !== undefined ? `. ${error.hint}` : '';
    return [refused(`${messageOf(error)}${hint}`, 'path')];
  }
  let mistakes: Finding[];
  try {
    mistakes = isThere(manifestFile(file.file), 'PLUGIN_UNUSABLE')
      ? manifestFindings(file.file, readManifest(file.file), settingsOf(entry), at)
      : [];
  } catch (error) {
    return [refused(messageOf(error))];
  }
  if (mistakes.length > 0) return mistakes;
  const warnings: Finding[] = [];
  const { memoryMb, eventsPerHour } = DEFAULT_PLUGIN_LIMITS;
  const result = await replay(
    {
      file,
      settings: settingsOf(entry),
      memoryMb,
      eventsPerHour,
      recording: '',
      options: DEFAULT_RECORDING,
      speed: false,
      loadOnly: true,
    },
    {
      loaded: (plugin) =>
        void warnings.push(
          ...plugin.warnings.map(
            (message): Finding => ({ severity: 'warning', path: pathText(at), message }),
          ),
        ),
      log: () => undefined,
      requests: () => undefined,
      results: () => undefined,
    },
  );
  return result.kind === 'failed' ? [...warnings, refused(result.problem)] : warnings;
}

function isFile(entry: unknown): entry is PluginEntry {
  return (
    typeof entry === 'object' &&
    entry !== null &&
    'path' in entry &&
    typeof entry.path === 'string' &&
    targetOf(entry.path).kind === 'file'
  );
}
