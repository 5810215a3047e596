/** Time of something that runs in this process. */

export async function times(n: number, work: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < n; i += 1) await work();
}

/** @returns ms */
export async function timed(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
