/**
 * Does something for each item, for so many at the same time, begun in their order. Once it fails for one, no other is
 * begun, and those in flight are not waited for.
 */
export async function forEachAtOnce<Item>(width: number, items: Iterable<Item>, work: (item: Item) => Promise<unknown>): Promise<void> {
  await someAtOnce(width, items, async (item) => {
    await work(item);
    return false;
  });
}

/** Whether a test holds for some item, tried for so many at the same time. Once it does, or fails, no other is begun. */
export async function someAtOnce<Item>(width: number, items: Iterable<Item>, test: (item: Item) => Promise<boolean>): Promise<boolean> {
  const left = [...items];
  let next = 0;
  let isFound = false;
  const worker = async (): Promise<void> => {
    while (!isFound && next < left.length) {
      const item = left[next++] as Item;
      if (await test(item)) isFound = true;
    }
  };
  const guarded = (): Promise<void> =>
    worker().catch((error: unknown) => {
      next = left.length;
      throw error;
    });
  await Promise.all(Array.from({ length: Math.min(width, left.length) }, guarded));
  return isFound;
}
