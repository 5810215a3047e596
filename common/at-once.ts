/**
 * Calls `work` for each item, so many at the same time, and waits for all.
 * @throws what the first one that failed threw, when all are over
 */
export async function someAtOnce<T>(
  items: Iterable<T>,
  most: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  const errors: unknown[] = [];
  const workOff = async (): Promise<void> => {
    for (let next = left.next(); next.done !== true; next = left.next()) {
      try {
        await work(next.value);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: most }, workOff));
  if (errors.length > 0) throw errors[0];
}
