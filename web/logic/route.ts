/**
 * The address is the state: `#/events/17?from=...&zoom=...`. Behind the `#`, so that the page works under any path, also behind a proxy, and no server needs
 * to know its views.
 */

export const VIEWS = [
  'overview',
  'boxes',
  'events',
  'alerts',
  'charts',
  'reports',
  'admin',
  'login',
] as const;
export type View = (typeof VIEWS)[number];

export interface Route {
  view: View;
  /** id behind the view: of an event or a box */
  id: string | undefined;
  params: URLSearchParams;
}

const MAX_ADDRESS = 8192;

/** Any text becomes a route: what is unknown is the overview. */
export function parseRoute(hash: string): Route {
  const text = hash.slice(0, MAX_ADDRESS).replace(/^#?\/?/, '');
  const question = text.indexOf('?');
  const path = question < 0 ? text : text.slice(0, question);
  const params = new URLSearchParams(question < 0 ? '' : text.slice(question + 1));
  const [name = '', id = ''] = path.split('/');
  const view = VIEWS.find((one) => one === name) ?? 'overview';
  return { view, id: id === '' ? undefined : decoded(id), params };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The address of a route; parameters that are empty are left out, and the order is fixed, so that the same state has one address. */
export function formatRoute(
  view: View,
  id: string | undefined,
  params: Iterable<readonly [string, string | undefined]> = [],
): string {
  const kept = [...params].filter((pair): pair is readonly [string, string] => (pair[1] ?? '') !== '');
  kept.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const query = new URLSearchParams(kept.map(([key, value]): [string, string] => [key, value])).toString();
  const path = id === undefined ? view : `${view}/${encodeURIComponent(id)}`;
  return `#/${path}${query === '' ? '' : `?${query}`}`;
}

/** Parameters that every view keeps when another view is opened: the time range. */
export const SHARED_PARAMS = ['from', 'to', 'last'] as const;

/** The shared ones of an address. */
export function sharedParams(params: URLSearchParams): [string, string][] {
  return SHARED_PARAMS.flatMap((key): [string, string][] => {
    const value = params.get(key);
    return value === null ? [] : [[key, value]];
  });
}

/** The address with some parameters changed (undefined: taken out). */
export function patched(route: Route, changes: Record<string, string | undefined>): string {
  const params = new Map<string, string | undefined>(route.params);
  for (const [key, value] of Object.entries(changes)) params.set(key, value);
  return formatRoute(route.view, route.id, params);
}
