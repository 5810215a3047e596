/** Whether a default export is a plugin (plugins/sdk/plugin.ts), and what about it is most likely a slip. */
import { nearest } from '../config/suggest.js';
import type { Plugin } from '../plugins/sdk/plugin.js';
import { PluginRefused } from './loaded-plugin.js';
import { inMember } from './plugin-problem.js';

/** Members of which a plugin has one at least: without them it would never see a measurement. */
const HANDLERS = ['processMeasurement', 'processBatch', 'onTick'] as const;
const HOOKS = ['onLoad', ...HANDLERS, 'processSummary', 'onUnload'] as const;
const MEMBERS: readonly string[] = ['name', 'version', ...HOOKS];

/**
 * @param exported a module's default export: an object or a class
 * @returns the plugin, and remarks about members that are probably misspelt
 * @throws PluginRefused when it is not a plugin
 */
export function toPlugin(exported: unknown): { plugin: Plugin; warnings: string[] } {
  const plugin: unknown = typeof exported === 'function' ? construct(exported) : exported;
  if (typeof plugin !== 'object' || plugin === null) {
    throw new PluginRefused('its default export is neither an object nor a class');
  }
  const slips = slipsOf(plugin);
  const refuse = (problem: string): never => {
    throw new PluginRefused([problem, ...slips].join('; '));
  };
  if (typeof Reflect.get(plugin, 'name') !== 'string') refuse('it has no name');
  for (const hook of HOOKS) {
    const kind = typeof Reflect.get(plugin, hook);
    if (kind !== 'undefined' && kind !== 'function') refuse(`its ${hook} is not a function`);
  }
  if (HANDLERS.every((name) => Reflect.get(plugin, name) === undefined)) {
    refuse(`it handles nothing: it has none of ${HANDLERS.join(', ')}`);
  }
  // Name and hooks were just checked; what hooks return is checked at each call.
  return { plugin: plugin as Plugin, warnings: slips };
}

/** Members whose name is close to one of the contract that is missing: `process_batch`, `processMeasurment`. */
function slipsOf(plugin: object): string[] {
  return membersOf(plugin).flatMap((name) => {
    if (MEMBERS.includes(name)) return [];
    const plain = name.replaceAll('_', '');
    const near = MEMBERS.find((m) => m.toLowerCase() === plain.toLowerCase()) ?? nearestOf(plain);
    if (near === undefined || Reflect.get(plugin, near) !== undefined) return [];
    return [`it has ${name}, which is never called: did you mean ${near}?`];
  });
}

/** Stricter than a setting's name: a plugin may have members of its own. */
function nearestOf(name: string): string | undefined {
  const near = name.length < 6 ? undefined : nearest(name, MEMBERS);
  if (near === undefined) return undefined;
  const common = [...near.toLowerCase()].findIndex((letter, i) => name.toLowerCase()[i] !== letter);
  return common < 0 || common >= 4 || name.toLowerCase().startsWith('process') ? near : undefined;
}

function membersOf(plugin: object): string[] {
  const names = new Set<string>();
  for (
    let at: object | null = plugin;
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    for (const name of Object.getOwnPropertyNames(at)) names.add(name);
  }
  names.delete('constructor');
  return [...names].slice(0, 1000);
}

function construct(exported: unknown): unknown {
  return inMember('constructor', () => Reflect.construct(exported as new () => unknown, []));
}
