/** Topics and filters of topics (MQTT 3.1.1, 4.7). */

/** Bytes (MQTT 3.1.1, 4.7.3). */
const LONGEST = 65_535;

/** Whether a message may be published there: no wildcard, no empty text. */
export function isTopic(text: string): boolean {
  return isText(text) && !/[+#]/.test(text);
}

/** Whether it is a filter: `+` and `#` stand alone in their level, `#` in the last one. */
export function isFilter(text: string): boolean {
  if (!isText(text)) return false;
  const levels = text.split('/');
  return levels.every((level, i) =>
    level.includes('#') ? level === '#' && i === levels.length - 1 : !level.includes('+') || level === '+',
  );
}

/** Whether a filter has a topic. What begins with `$` is not meant by a wildcard at the begin (4.7.2). */
export function matches(filter: string, topic: string): boolean {
  if (filter === topic) return true;
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
  const wanted = filter.split('/');
  const levels = topic.split('/');
  for (const [i, level] of wanted.entries()) {
    if (level === '#') return true;
    if (levels[i] === undefined || (level !== '+' && level !== levels[i])) return false;
  }
  return wanted.length === levels.length;
}

function isText(text: string): boolean {
  return text !== '' && !text.includes('\0') && Buffer.byteLength(text) <= LONGEST;
}
