/** The nearest known name to one that is not known. */

/**
 * Edit distance in which two swapped neighbours count as one mistake (optimal string alignment, after Damerau 1964).
 * Both words should be short: time grows with the product of their lengths.
 */
export function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, at(before, j - 2) + 1);
      row.push(best);
    }
    before = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}

/** The name nearest to `word`, unless even that one is too far (more than a third of it differs). Case and `-` do not count. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const plain = normal(word);
  if (plain.length > 64) return undefined;
  const ranked = names
    .map((name) => ({ name, far: distance(plain, normal(name)) }))
    .sort((a, b) => a.far - b.far);
  const best = ranked[0];
  return best && best.far <= Math.max(1, Math.ceil(plain.length / 3)) ? best.name : undefined;
}

function normal(word: string): string {
  return word.toLowerCase().replaceAll('-', '_');
}
