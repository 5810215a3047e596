/** Takes values out of a status, which a daemon of another version may have otherwise: what has another shape counts as absent. */

export type Fields = Readonly<Record<string, unknown>>;

/** The object at a path such as `access.allow_list`; empty where there is none. */
export function fieldsAt(details: Fields, path: string): Fields {
  let value: unknown = details;
  for (const name of path.split('.')) value = isFields(value) ? value[name] : undefined;
  return isFields(value) ? value : {};
}

/** The objects of a list at a path. */
export function rowsAt(details: Fields, path: string): Fields[] {
  const at = path.lastIndexOf('.');
  const rows = fieldsOrSelf(details, path.slice(0, Math.max(0, at)))[path.slice(at + 1)];
  return Array.isArray(rows) ? rows.filter(isFields) : [];
}

/** 0 where there is none. */
export function count(fields: Fields, name: string): number {
  const value = fields[name];
  return typeof value === 'number' ? value : 0;
}

export function text(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' ? value : undefined;
}

function fieldsOrSelf(details: Fields, path: string): Fields {
  return path === '' ? details : fieldsAt(details, path);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
