import { type Clock, steadyNow } from "../base/clock.ts";

/** How long after its receipt Abiquo may not show a task that it has sent, in ms. */
export const NOT_YET_SHOWN = 60_000;

/** Tells whether Abiquo may not show yet what was received at a moment, in ms since 1970. */
export function youth(clock: Clock): (receivedAt: number) => boolean {
  const now = steadyNow(clock);
  return (receivedAt) => now() - receivedAt < NOT_YET_SHOWN;
}
