/** Texts that are nearly JSON: a few characters put in or taken out. */
import fc from 'fast-check';

const PIECES = ['', '"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', '.', 'e', 'u', 't', ' ', '\u0001'];

/**
 * @param changes how many places are changed
 * @param more put in beside what JSON itself is made of
 */
export function damaged(
  json: fc.Arbitrary<string>,
  changes: { minLength?: number; maxLength: number },
  more: readonly string[] = [],
): fc.Arbitrary<string> {
  const change = fc.tuple(fc.nat(), fc.constantFrom(...PIECES, ...more), fc.nat(2));
  return fc.tuple(json, fc.array(change, changes)).map(([text, list]) => {
    let changed = text;
    for (const [where, what, gone] of list) {
      const at = where % (changed.length + 1);
      changed = changed.slice(0, at) + what + changed.slice(at + gone);
    }
    return changed;
  });
}
