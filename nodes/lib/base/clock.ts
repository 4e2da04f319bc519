/** What time it is, and what is to happen later. Specs bring their own. */
export interface Clock {
  /** milliseconds since 1970; set back or forth by an operator or NTP, so that no duration is measured with it */
  now(): number;
  /** milliseconds since some moment of this process, for durations: it only ever goes on */
  monotonic(): number;
  /** Runs something once, in so many ms, without keeping the process alive for it. Answers how to call it off. */
  after(ms: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
};
