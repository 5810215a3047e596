/** Which settings hold for a meter that has not been heard since the start, so that only its name is known: those of every mapping that could have made the name. */
import type { MeterTopic } from '../../config/settings.js';

const NAME = '{name}';

/** How long a meter may be silent, ms; 0: for ever; undefined: no mapping makes this name any more. */
export function silenceOf(name: string, topics: readonly MeterTopic[]): number | undefined {
  const times = topics.flatMap((topic) => (couldMake(topic.name, name) ? [topic.silentMs] : []));
  if (times.length === 0) return undefined;
  return times.includes(0) ? 0 : Math.max(...times);
}

function couldMake(template: string, name: string): boolean {
  const [before = '', ...others] = template.split(NAME);
  if (others.length === 0) return template === name;
  const after = others.at(-1) ?? '';
  if (others.length > 1) return true;
  return name.length > before.length + after.length && name.startsWith(before) && name.endsWith(after);
}
