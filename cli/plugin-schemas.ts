/** Schemas of the settings of plugins that ship, for `makai config check`. */
import { z } from 'zod';
import type { SettingsSchemas } from '../config/plugins.js';
import { settingsSchema as health } from '../plugins/health/index.js';
import { settingsSchema as napali } from '../plugins/napali/settings.js';
import { settingsSchema as outage } from '../plugins/outage/index.js';
import { settingsSchema as threshold } from '../plugins/threshold/settings.js';

const print = z.strictObject({ print: z.boolean().optional() });

export const PLUGIN_SCHEMAS: Required<SettingsSchemas> = { health, napali, outage, print, threshold };
