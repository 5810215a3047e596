/** Runs golden cases: replays each recording to the plugin, and compares. */
import { DEFAULT_PLUGIN_LIMITS } from '../../../plugin-host/limits.js';
import { resolvePlugin } from '../../../plugin-host/resolve-plugin.js';
import type { EventRequest, PluginIncident, PluginValue } from '../../../plugins/sdk/plugin.js';
import { DEFAULT_RECORDING } from '../recording.js';
import { replay } from '../replay.js';
import { type GoldenCase, type Result, writeExpected } from './cases.js';
import { differences } from './difference.js';

export interface CaseOutcome {
  name: string;
  results: number;
  /** what keeps it from being as expected; empty: as expected */
  problems: string[];
  /** `expected.json` was written */
  updated: boolean;
}

/**
 * @param file what the configuration's `path` would be
 * @param isUpdate write what the plugin returns as the expected results
 * @param logged a line that the plugin logs or prints
 * @throws MakaiError PLUGIN_UNUSABLE when there is no such plugin, RECORDING_INVALID
 */
export async function runCase(
  file: string,
  golden: GoldenCase,
  isUpdate: boolean,
  logged: (line: string) => void,
): Promise<CaseOutcome> {
  const { memoryMb, eventsPerHour } = DEFAULT_PLUGIN_LIMITS;
  const requests: EventRequest[] = [];
  const incidents: PluginIncident[] = [];
  const values: PluginValue[] = [];
  const { boxesFile, expected, name, recording, settings } = golden;
  const ended = await replay(
    {
      file: resolvePlugin(file),
      settings,
      memoryMb,
      eventsPerHour,
      recording,
      options: boxesFile === undefined ? DEFAULT_RECORDING : { ...DEFAULT_RECORDING, boxesFile },
      speed: false,
    },
    {
      loaded: ({ warnings }) => {
        for (const warning of warnings) logged(`warn: ${warning}`);
      },
      log: (level, text) => logged(`${level}: ${text}`),
      requests: (some) => void requests.push(...some),
      results: (some) => {
        incidents.push(...some.incidents);
        values.push(...some.values);
      },
    },
  );
  const found: Result[] = [...requests, ...incidents, ...values];
  const outcome = { name, results: found.length, problems: [], updated: false };
  if (ended.kind === 'failed') return { ...outcome, problems: [`the plugin stopped: ${ended.problem}`] };
  const { problem, refused } = ended.totals;
  if (refused > 0) return { ...outcome, problems: [`${refused} requests are refused: ${problem}`] };
  // As the file will hold them: JSON has no undefined members.
  const stored: unknown[] = found.map((result): unknown => JSON.parse(JSON.stringify(result)));
  const problems =
    expected === undefined
      ? ['expected.json is missing: `--update` writes it']
      : differences(expected, stored);
  if (!isUpdate || problems.length === 0) return { ...outcome, problems };
  writeExpected(golden, found);
  return { ...outcome, updated: true };
}
