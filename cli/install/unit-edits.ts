/**
 * What an administrator changed in a unit file, as a drop-in (systemd.unit(5)): the file itself can then be replaced by that of a newer version.
 */

/** Keys that take several values, where an empty value removes those before it (systemd.exec(5), systemd.service(5)). */
const LISTS =
  /^(Exec\w+|Environment(File)?|PassEnvironment|UnsetEnvironment|\w+Paths|(State|Cache|Logs|Runtime|Configuration)Directory|SystemCall(Filter|Log|Architectures)|Restrict(AddressFamilies|Namespaces)|SupplementaryGroups|CapabilityBoundingSet|AmbientCapabilities|DeviceAllow|IPAddress(Allow|Deny)|LoadCredential(Encrypted)?|SetCredential|TemporaryFileSystem|Documentation|Condition\w+|Assert\w+|SuccessExitStatus|Restart(Prevent|Force)ExitStatus)$/;
/** Keys with one value that an empty value takes back. */
const RESETTABLE = /^(Memory(Min|Low|High|Max|SwapMax)|CPUQuota)$/;
/** Keys that only ever add: a drop-in cannot take away what the file names. */
const DEPENDENCIES =
  /^(After|Before|Wants|Requires|Requisite|BindsTo|PartOf|Upholds|Conflicts|OnFailure|OnSuccess|PropagatesReloadTo|ReloadPropagatedFrom)$/;

type Section = Map<string, string[]>;

/**
 * The drop-in that turns one unit into another.
 * @returns '' where they differ in comments only; undefined where a drop-in cannot say it (a dependency, a setting, an empty value or an [Install] line that is gone)
 */
export function dropInFor(before: string, after: string): string | undefined {
  const [from, to] = [parseUnit(before), parseUnit(after)];
  let text = '';
  for (const name of new Set([...from.keys(), ...to.keys()])) {
    const lines = changes(from.get(name) ?? new Map(), to.get(name) ?? new Map());
    if (lines === undefined) return undefined;
    if (lines.length === 0) continue;
    if (name !== 'Unit' && name !== 'Service') return undefined;
    text += `[${name}]\n${lines.map((line) => `${line}\n`).join('')}`;
  }
  return text;
}

/** Lines that one text has and the other has not, for a person: `- ` before, `+ ` after. */
export function differingLines(before: string, after: string): string[] {
  const lines = (text: string): string[] => text.split('\n').filter((line) => line.trim() !== '');
  const [old, now] = [lines(before), lines(after)];
  return [
    ...old.filter((line) => !now.includes(line)).map((line) => `- ${line}`),
    ...now.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
  ];
}

function changes(from: Section, to: Section): string[] | undefined {
  const lines: string[] = [];
  for (const key of new Set([...from.keys(), ...to.keys()])) {
    const change = keyChange(key, from.get(key) ?? [], to.get(key) ?? []);
    if (change === undefined) return undefined;
    lines.push(...change);
  }
  return lines;
}

function keyChange(key: string, from: readonly string[], to: readonly string[]): string[] | undefined {
  if (JSON.stringify(from) === JSON.stringify(to)) return [];
  const assigned = (values: readonly string[]): string[] => values.map((value) => `${key}=${value}`);
  if (DEPENDENCIES.test(key)) {
    const [had, has] = [words(from), words(to)];
    return had.every((word) => has.includes(word))
      ? assigned(has.filter((word) => !had.includes(word)))
      : undefined;
  }
  // An empty value is no default: without `CapabilityBoundingSet=` all capabilities are there. `~CAP_X` counts from all, and from none after an empty value.
  if (to.length === 0 && from.at(-1) === '') return undefined;
  if (key === 'CapabilityBoundingSet' && from.length > 0 && (to[0] ?? '~').startsWith('~')) return undefined;
  if (LISTS.test(key)) {
    const isAdded = from.every((value, index) => to[index] === value);
    return assigned(isAdded ? to.slice(from.length) : ['', ...to]);
  }
  const last = to.at(-1);
  if (last !== undefined) return assigned([last]);
  return RESETTABLE.test(key) ? assigned(['']) : undefined;
}

function words(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(/\s+/)).filter((word) => word !== '');
}

/** Sections with the values of each key, in order. Comments are left out; a line that ends with a backslash goes on in the next. */
function parseUnit(text: string): Map<string, Section> {
  const sections = new Map<string, Section>();
  let section: Section = new Map();
  for (const line of text.replace(/\\\n/g, ' ').split('\n')) {
    const trimmed = line.trim();
    if (trimmed === '' || /^[#;]/.test(trimmed)) continue;
    const name = /^\[(.+)\]$/.exec(trimmed)?.[1];
    if (name !== undefined) {
      section = sections.get(name) ?? new Map();
      sections.set(name, section);
      continue;
    }
    const [key = '', ...rest] = trimmed.split('=');
    section.set(key.trim(), [...(section.get(key.trim()) ?? []), rest.join('=').trim()]);
  }
  return sections;
}
