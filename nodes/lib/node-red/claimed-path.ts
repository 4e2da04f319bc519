import { Fault } from "../base/fault.ts";
import type { NodeKit } from "./define.ts";
import { type WebhookHandler, webhookRoutes } from "./routes.ts";

/**
 * Serves a path for a node while it is there. Where another node serves it, this one shows so, until that gives it up.
 *
 * @param anyMethod whether the handler takes every method, and not POST alone
 * @param granted runs once the path is this node's: now, or later on
 * @throws Fault HTTP_NODE_OFF
 */
export function claimPath(
  kit: NodeKit,
  path: string,
  handler: WebhookHandler,
  anyMethod: boolean,
  granted: () => void = () => undefined,
): void {
  const { RED, node } = kit;
  if (typeof RED.httpNode !== "function") throw new Fault("HTTP_NODE_OFF");
  const routes = webhookRoutes(RED);
  const grantedLater = (): void => {
    kit.clearFault();
    granted();
  };
  const isOurs = routes.claim(path, node.id, handler, anyMethod, grantedLater);
  kit.onClose((removed) => routes.release(path, node.id, !removed));
  kit.onFlowsStarted(() => routes.settle());
  if (isOurs) granted();
  else kit.showFault(new Fault("DUPLICATE_PATH", { path }));
}
