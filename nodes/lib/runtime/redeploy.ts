import type { NodeKit } from "./define.ts";

interface FlowsStarted {
  readonly type?: string;
  readonly diff?: { readonly changed?: string[]; readonly removed?: string[]; readonly linked?: string[] } | null;
}

/**
 * Runs after a deploy that restarted nodes wired to this one, but not this one: what they had in memory is
 * gone, and nobody else will give it to them again.
 */
export function redeployedBelow(kit: NodeKit, act: () => Promise<void>): void {
  const started = ({ diff }: FlowsStarted): void => {
    const restarted = (diff?.changed?.length ?? 0) + (diff?.removed?.length ?? 0) > 0;
    if (!restarted || !diff?.linked?.includes(kit.node.id)) return;
    act().catch((error: unknown) => kit.report(error));
  };
  const { events } = kit.RED;
  // The deploy that made this node is not one that happened below it.
  kit.onStart(() => {
    setImmediate(() => {
      if (!kit.signal.aborted) events.on("flows:started", started);
    });
  });
  kit.onClose(() => void events.removeListener("flows:started", started));
}
