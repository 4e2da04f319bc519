/** What time it is, and what is to happen later. Specs bring their own. */
export interface Clock {
  /** milliseconds since 1970; set back or forth by an operator or NTP, so that no duration is measured with it */
  now(): number;
  /** milliseconds since some moment of this process, for durations: it only ever goes on */
  monotonic(): number;
  /**
   * Runs something once, in so many ms. Answers how to cancel it.
   *
   * @param isAwaited whether the process may not end before, because somebody waits for this; it may unless said
   */
  after(ms: number, run: () => void, isAwaited?: boolean): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run, isAwaited = false) {
    const timer = setTimeout(run, ms);
    if (!isAwaited) timer.unref();
    return () => clearTimeout(timer);
  },
};

/** The moment as text, as ISO 8601 writes it. */
export function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}

/**
 * Tells the time, in ms since 1970, for ages of what may be older than this process. The wall clock may have been set
 * since, so it counts only where it agrees with the time that this process has measured: nothing seems older than it is.
 */
export function steadyNow(clock: Clock): () => number {
  const startedAt = clock.now() - clock.monotonic();
  return () => Math.min(clock.now(), startedAt + clock.monotonic());
}

interface SleepOptions {
  readonly signal?: AbortSignal | undefined;
  /** as with `Clock.after` */
  readonly isAwaited?: boolean;
}

/** Resolves in so many ms. @throws the signal's reason, as soon as the signal is there */
export function sleep(clock: Clock, ms: number, { signal, isAwaited = false }: SleepOptions = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason as Error);
    const aborted = (): void => {
      cancel();
      reject(signal?.reason as Error);
    };
    const cancel = clock.after(
      ms,
      () => {
        signal?.removeEventListener("abort", aborted);
        resolve();
      },
      isAwaited,
    );
    signal?.addEventListener("abort", aborted, { once: true });
  });
}

/** As `AbortSignal.timeout`: a signal that comes in so many ms. */
export function signalAfter(clock: Clock, ms: number): AbortSignal {
  const abort = new AbortController();
  clock.after(ms, () => abort.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError")));
  return abort.signal;
}

/** Runs something each time so many ms have passed. Answers how to end that. */
export function every(clock: Clock, ms: number, run: () => void): () => void {
  let cancel = clock.after(ms, next);
  let isOver = false;
  function next(): void {
    run();
    if (!isOver) cancel = clock.after(ms, next);
  }
  return () => {
    isOver = true;
    cancel();
  };
}
