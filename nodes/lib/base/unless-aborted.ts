/**
 * Waits for what others wait for as well, and leaves it when the signal comes. Nothing of the wait stays with the signal.
 *
 * @param reason what it is rejected with then; the signal's own unless told
 */
export function unlessAborted<Value>(
  promise: Promise<Value>,
  signal: AbortSignal | undefined,
  reason: () => unknown = () => signal?.reason,
): Promise<Value> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(reason());
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
    const done = (): void => signal.removeEventListener("abort", leave);
    promise.then(resolve, reject).finally(done);
  });
}
