/** A plugin's settings, read field by field; every mistake is noted, so that all are reported together. Needs no other file. */

/** What a number may be; both ends are allowed. */
export interface NumberRange {
  min?: number;
  max?: number;
  whole?: boolean;
}

export class Settings {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #read = new Set<string>();
  readonly #mistakes: string[] = [];

  /** @param values what `onLoad` is given */
  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  number(name: string, fallback: number, range: NumberRange = {}): number {
    const value = this.#field(name);
    if (value === undefined) return fallback;
    const problem = typeof value === 'number' ? outside(value, range) : 'must be a number';
    if (problem === undefined && typeof value === 'number') return value;
    this.refuse(name, problem ?? 'must be a number');
    return fallback;
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.#field(name);
    if (value === undefined || typeof value === 'boolean') return value ?? fallback;
    this.refuse(name, 'must be true or false');
    return fallback;
  }

  text(name: string, fallback: string): string {
    const value = this.#field(name);
    if (value === undefined || typeof value === 'string') return value ?? fallback;
    this.refuse(name, 'must be text');
    return fallback;
  }

  /** A list of box ids; none when the setting is not there. */
  boxIds(name: string): number[] {
    const value = this.#field(name);
    if (value === undefined) return [];
    if (Array.isArray(value) && value.every(isBoxId)) return value;
    this.refuse(name, 'must be a list of box ids');
    return [];
  }

  /** Notes what is wrong with a setting. */
  refuse(name: string, problem: string): void {
    this.#mistakes.push(`${name}: ${problem}`);
  }

  /**
   * To be called when all settings are read.
   * @throws Error that names every mistake; a setting that was not read is one, since most often it is misspelt
   */
  close(): void {
    for (const name of Object.keys(this.#values)) {
      if (!this.#read.has(name)) this.refuse(name, 'no such setting');
    }
    if (this.#mistakes.length > 0) throw new Error(this.#mistakes.join('; '));
  }

  #field(name: string): unknown {
    this.#read.add(name);
    return Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
  }
}

function outside(value: number, { min, max, whole }: NumberRange): string | undefined {
  if (!Number.isFinite(value)) return 'must be finite';
  if (whole && !Number.isInteger(value)) return 'must be a whole number';
  if (min !== undefined && value < min) return `must be ${min} or more`;
  if (max !== undefined && value > max) return `must be ${max} or less`;
  return undefined;
}

function isBoxId(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff;
}
