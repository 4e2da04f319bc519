import type { NodeKit } from "./define.ts";
import { type Deploy, onFlowsStarted } from "./deploys.ts";

/** Types of nodes at which a task comes to a checkpoint: what is behind them has nothing of it that could be lost. */
const CHECKPOINTS: ReadonlySet<string> = new Set(["abiquo-approval", "abiquo-continue", "abiquo-cancel"]);

/**
 * Runs after a deploy that restarted nodes to which messages of this one go, but not this one: what they had in
 * memory is gone, and nobody else will give it to them again.
 */
export function redeployedBelow(kit: NodeKit, act: () => Promise<void>): void {
  const started = ({ graphs, restarted }: Deploy): void => {
    const isMet = graphs.some((graph) => graph.meetsBelow(kit.node.id, restarted, CHECKPOINTS));
    if (isMet) act().catch((error: unknown) => kit.report(error));
  };
  // The deploy that made this node is not one that happened below it.
  kit.onStart(() => {
    setImmediate(() => {
      if (!kit.signal.aborted) kit.onClose(onFlowsStarted(kit.RED, started));
    });
  });
}
