/** What is missing in the stored measurements of a box, and how long a unit was stopped. */
import type { Container } from '../container.js';

export interface Gap {
  fromMs: number;
  toMs: number;
}

/** Times without a measurement that are longer than `longerThanMs`, also before the first one; a box sends one each second or more. */
export async function gapsOf(
  container: Container,
  box: string,
  sinceMs: number,
  longerThanMs: number,
): Promise<{ count: number; gaps: Gap[] }> {
  const text = await container.run('makai', 'measurements', box, '--json', '--from', String(sinceMs));
  const times = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { timestamp_ms: number }).timestamp_ms)
    .sort((a, b) => a - b);
  const gaps: Gap[] = [];
  for (const [index, toMs] of times.entries()) {
    const fromMs = times[index - 1] ?? sinceMs;
    if (toMs - fromMs > longerThanMs) gaps.push({ fromMs, toMs });
  }
  return { count: times.length, gaps };
}

/** The last time that a unit was down: from systemd's stop to its "started", Unix ms. */
export async function downTime(container: Container, unit: string, sinceMs: number): Promise<Gap> {
  const text = await container.run(
    'journalctl',
    '--output=json',
    `--unit=${unit}`,
    `--since=@${Math.floor(sinceMs / 1000)}`,
    '--output-fields=MESSAGE',
  );
  const entries = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { MESSAGE: string; __REALTIME_TIMESTAMP: string })
    .map(({ MESSAGE, __REALTIME_TIMESTAMP: at }) => ({
      message: MESSAGE,
      atMs: Math.floor(Number(at) / 1000),
    }));
  const at = (pattern: RegExp): number => {
    const found = entries.findLast(({ message }) => pattern.test(message));
    if (found === undefined) throw new Error(`${unit}: nothing in the journal is ${pattern}`);
    return found.atMs;
  };
  return { fromMs: at(/^Stopping /), toMs: at(/^Started /) };
}
