/** How mistakes and remarks about a configuration are reported: the path, what was expected, what was found. Values of secrets are never shown. */

export type Severity = 'error' | 'plugin' | 'warning';

export interface Finding {
  /**
   * `error`: the daemon does not start. `plugin`: the daemon starts without this plugin. `warning`: it starts, but this is
   * probably not what was meant.
   */
  severity: Severity;
  /** as in `plugins[0].path`; empty for the file as a whole */
  path: string;
  message: string;
}

/** `['plugins', 0, 'path']` to `plugins[0].path`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const name = /^[\w-]+$/.test(String(part)) ? String(part) : JSON.stringify(String(part));
    return text === '' ? name : `${text}.${name}`;
  }, '');
}

/** A value as a mistake shows it: short, on one line. */
export function foundText(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const shown = JSON.stringify(value) ?? typeof value;
  return shown.length <= 80 ? shown : `${shown.slice(0, 79)}…`;
}

/** The kind of a value, for where the value itself must not be shown. */
export function foundKind(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value} (not shown)`;
}

/** Names under which settings of plugins may hold secrets. */
export function looksSecret(name: string): boolean {
  return /passw|secret|token|credential|sec_?key|private_?key|uri|url/i.test(name);
}

/** One line a finding. */
export function findingLine(finding: Finding): string {
  return finding.path === '' ? finding.message : `${finding.path}: ${finding.message}`;
}
