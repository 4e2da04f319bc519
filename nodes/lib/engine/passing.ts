import type { AbiquoFault } from "../abiquo/index.ts";

/** Whether the same request may succeed later: once Abiquo is back, or somebody has mended the refused credentials. */
export function isPassing({ retriable, status }: AbiquoFault): boolean {
  return retriable || status === 401;
}
