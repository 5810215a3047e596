/** Values by their order, without sorting all of them: Hoare's selection (Algorithm 65, CACM 1961). */

/** The value that would stand at place `k` were all sorted, NaN last. The values are moved. */
export function selected(values: Float64Array, k: number): number {
  let low = 0;
  let high = withoutNaN(values) - 1;
  if (k > high) return Number.NaN;
  while (low < high) {
    const pivot = values[(low + high) >> 1] ?? 0;
    let i = low;
    let j = high;
    while (i <= j) {
      while ((values[i] ?? 0) < pivot) i += 1;
      while ((values[j] ?? 0) > pivot) j -= 1;
      if (i > j) break;
      const value = values[i] ?? 0;
      values[i] = values[j] ?? 0;
      values[j] = value;
      i += 1;
      j -= 1;
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return values[k] ?? Number.NaN;
}

/** Moves every NaN to the end. @returns how many are none */
function withoutNaN(values: Float64Array): number {
  let count = values.length;
  for (let i = 0; i < count; i += 1) {
    while (count > i && Number.isNaN(values[i])) {
      count -= 1;
      values[i] = values[count] ?? Number.NaN;
      values[count] = Number.NaN;
    }
  }
  return count;
}

/** Every `stride`-th value, from the first on. */
export function strided(values: Float64Array, stride: number): Float64Array {
  const some = new Float64Array(Math.ceil(values.length / stride));
  for (let i = 0; i < some.length; i += 1) some[i] = values[i * stride] ?? 0;
  return some;
}
