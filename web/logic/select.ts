/** Which row of a table a key moves to. */

/** @returns the new index, or undefined where the key moves nothing */
export function moved(key: string, index: number, count: number, page = 10): number | undefined {
  if (count === 0) return undefined;
  const last = count - 1;
  switch (key) {
    case 'j':
    case 'ArrowDown':
      return Math.min(last, index + 1);
    case 'k':
    case 'ArrowUp':
      return Math.max(0, index - 1);
    case 'PageDown':
      return Math.min(last, index + page);
    case 'PageUp':
      return Math.max(0, index - page);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return undefined;
  }
}

/** True while a person types: then letters are text and no commands. */
export function isTyping(
  target: { tagName?: string; type?: string; isContentEditable?: boolean } | null,
): boolean {
  if (target === null) return false;
  const tag = target.tagName?.toUpperCase();
  if (tag === 'INPUT')
    return !['checkbox', 'radio', 'button', 'submit', 'range'].includes(target.type ?? 'text');
  return tag === 'TEXTAREA' || tag === 'SELECT' || target.isContentEditable === true;
}
