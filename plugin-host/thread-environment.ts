/** The environment without the daemons' configurations, which may hold passwords. */
export function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.endsWith('_SETTINGS')));
}
