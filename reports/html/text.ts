/** Text and numbers as a report shows them. */

/** Text as it may stand in HTML, in attributes too. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** A number with so many decimals; a real minus sign. */
export function fixed(value: number | undefined, decimals: number): string {
  return value === undefined ? '' : value.toFixed(decimals).replace('-', '−');
}

/** 2026-11-01 10:00 */
export function minute(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}

/** 2026-11-01 10:00:00.123 */
export function millisecond(ms: number): string {
  return new Date(ms).toISOString().slice(0, 23).replace('T', ' ');
}

export function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** A duration in the unit that reads best. */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined) return '';
  if (seconds < 1) return `${fixed(1000 * seconds, seconds < 0.1 ? 1 : 0)} ms`;
  if (seconds < 60) return `${fixed(seconds, 2)} s`;
  if (seconds < 7200) return `${fixed(seconds / 60, 1)} min`;
  return `${fixed(seconds / 3600, 1)} h`;
}

/** VOLTAGE_SAG as "voltage sag". Names of standards keep their capitals. */
export function className(name: string): string {
  const words = name.toLowerCase().replaceAll('_', ' ');
  return words.replace(/\b(itic|semi f47|thd)\b/g, (word) => word.toUpperCase());
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
