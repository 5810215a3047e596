/**
 * A plugin's settings, read by path (`limit_v`, `limits.0.low`); every mistake is noted, so that all are reported together. Needs no
 * other file.
 */

/** What a number may be; both ends are allowed. */
export interface NumberRange {
  min?: number;
  max?: number;
  whole?: boolean;
}

export class Settings {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #read = new Set<string>();
  /** lists of which the items are read by themselves */
  readonly #counted = new Set<string>();
  readonly #mistakes: string[] = [];
  readonly #refusedParents = new Set<string>();

  /** @param values what `onLoad` is given */
  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  number(path: string, fallback: number, range: NumberRange = {}): number {
    const value = this.#field(path);
    if (value === undefined) return fallback;
    const problem = typeof value === 'number' ? outside(value, range) : 'must be a number';
    if (problem === undefined && typeof value === 'number') return value;
    this.refuse(path, problem ?? 'must be a number');
    return fallback;
  }

  flag(path: string, fallback: boolean): boolean {
    const value = this.#field(path);
    if (value === undefined || typeof value === 'boolean') return value ?? fallback;
    this.refuse(path, 'must be true or false');
    return fallback;
  }

  text(path: string, fallback: string): string {
    const value = this.#field(path);
    if (value === undefined || typeof value === 'string') return value ?? fallback;
    this.refuse(path, 'must be text');
    return fallback;
  }

  /** How many items a list has: they are `<path>.0`, `<path>.1` and so on. 0 when the setting is not there. */
  count(path: string): number {
    const value = this.#field(path);
    if (value === undefined) return 0;
    if (!Array.isArray(value)) {
      this.refuse(path, 'must be a list');
      return 0;
    }
    this.#counted.add(path);
    return value.length;
  }

  /** A list of box ids; none when the setting is not there. */
  boxIds(path: string): number[] {
    const value = this.#field(path);
    if (value === undefined) return [];
    if (Array.isArray(value) && value.every(isBoxId)) return value;
    this.refuse(path, 'must be a list of box ids');
    return [];
  }

  /** Notes what is wrong with a setting. */
  refuse(path: string, problem: string): void {
    this.#mistakes.push(`${path}: ${problem}`);
  }

  /**
   * To be called when all settings are read.
   * @throws Error that names every mistake; a setting that was not read is one, since most often it is misspelt
   */
  close(): void {
    for (const [name, value] of Object.entries(this.#values))
      for (const path of this.#unread(name, value)) this.refuse(path, 'no such setting');
    if (this.#mistakes.length > 0) throw new Error(this.#mistakes.join('; '));
  }

  #field(path: string): unknown {
    this.#read.add(path);
    const names = Object.hasOwn(this.#values, path) ? [path] : path.split('.');
    return names.reduce<unknown>((value, name, i) => {
      if (value === undefined) return undefined;
      if (!canHold(value, name)) this.#refuseParent(names.slice(0, i).join('.'));
      const has = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
      return has ? Reflect.get(value, name) : undefined;
    }, this.#values);
  }

  /** Once, however many settings would be in it. */
  #refuseParent(path: string): void {
    if (this.#refusedParents.has(path)) return;
    this.#refusedParents.add(path);
    this.refuse(path, 'must be an object');
  }

  /** Paths at or below this one that were not read. */
  #unread(path: string, value: unknown): string[] {
    const prefix = `${path}.`;
    const isOpened = this.#counted.has(path) || [...this.#read].some((one) => one.startsWith(prefix));
    if (!isOpened) return this.#read.has(path) ? [] : [path];
    const items = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    return items.flatMap(([name, item]) => this.#unread(prefix + name, item));
  }
}

/** Whether a setting of this name can be in the value: an object has any, a list has numbers. */
function canHold(value: unknown, name: string): boolean {
  if (Array.isArray(value)) return /^\d+$/.test(name);
  return typeof value === 'object' && value !== null;
}

function outside(value: number, { min, max, whole }: NumberRange): string | undefined {
  if (!Number.isFinite(value)) return 'must be finite';
  if (whole && !Number.isInteger(value)) return 'must be a whole number';
  if (min !== undefined && value < min) return `must be ${min} or more`;
  if (max !== undefined && value > max) return `must be ${max} or less`;
  return undefined;
}

function isBoxId(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0x7fff_ffff;
}
