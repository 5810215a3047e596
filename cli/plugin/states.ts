/** The plugins in the status of a running triggering service. */

export interface PluginShown {
  plugin: string;
  state: string;
  file: string;
  lastError: string | undefined;
}

/** @param details of the status; anything but a triggering service's has no plugins */
export function pluginStates(details: Readonly<Record<string, unknown>> | undefined): PluginShown[] {
  const plugins = details?.plugins;
  if (!Array.isArray(plugins)) return [];
  return plugins.flatMap((row: unknown): PluginShown[] => {
    if (typeof row !== 'object' || row === null) return [];
    const { plugin, state, file, last_error: lastError }: Record<string, unknown> = { ...row };
    if (typeof plugin !== 'string' || typeof state !== 'string') return [];
    return [
      {
        plugin,
        state,
        file: typeof file === 'string' ? file : '',
        lastError: typeof lastError === 'string' ? lastError : undefined,
      },
    ];
  });
}

/** Those that do not run because of a mistake. */
export function stoppedPlugins(details: Readonly<Record<string, unknown>> | undefined): PluginShown[] {
  return pluginStates(details).filter(({ state }) => state === 'refused' || state === 'pausing');
}
