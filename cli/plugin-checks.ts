/** The shipped plugins' own checks of their settings, for `makai config check`. */
import { messageOf } from '../common/errors.js';
import type { PluginChecks, SettingsCheck } from '../config/plugins.js';
import { parseSettings as threshold } from '../plugins/threshold/settings.js';

/** A plugin refuses settings by throwing; all of its mistakes are in the one message. */
function byThrowing(parse: (settings: Record<string, unknown>) => unknown): SettingsCheck {
  return (settings) => {
    try {
      parse(settings);
      return [];
    } catch (error) {
      return [messageOf(error)];
    }
  };
}

export const PLUGIN_CHECKS: PluginChecks = { threshold: byThrowing(threshold) };
