/** How pauses between tries grow, in ms. */
export interface Growth {
  readonly first: number;
  readonly longest: number;
}

/** The first pause, doubled so many times, and never more than the longest. */
export function exponential({ first, longest }: Growth, doublings: number): number {
  // Beyond 2^1023 there is no number left.
  return Math.min(longest, first * 2 ** Math.min(Math.max(0, doublings), 1_000));
}

/**
 * Between half of a pause and all of it: what failed together does not come back together, and nothing at once. The
 * name is that of https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
 *
 * @param random from 0 to 1, without 1
 */
export function equalJitter(ms: number, random = Math.random()): number {
  return ms / 2 + random * (ms / 2);
}
