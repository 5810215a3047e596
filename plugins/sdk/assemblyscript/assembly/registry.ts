// Which plugin the host calls.
import { Plugin } from './plugin';

let plugin: Plugin | null = null;

/** Makes `one` the plugin of this module. The entry file does so once. */
export function register(one: Plugin): void {
  plugin = one;
}

export function registered(): Plugin | null {
  return plugin;
}
