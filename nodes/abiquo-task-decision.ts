import type { NodeAPI } from "node-red";
import type { AbiquoMessage, TaskEntry } from "./lib/engine/index.ts";
import { Fault } from "./lib/fault.ts";
import { defineNode, type Message } from "./lib/runtime/define.ts";
import { ruleDesk } from "./lib/runtime/rule-desk.ts";
import { ruleSource } from "./lib/runtime/rule-source.ts";
import { faultText } from "./lib/runtime/text.ts";
import { allEntriesOf, forReview, judge, portMessages } from "./lib/runtime/verdicts.ts";

const OUTCOMES = ["continue", "cancel", "review"] as const;

export default function (RED: NodeAPI): void {
  defineNode(RED, "abiquo-task-decision", {}, (kit) => {
    const { node } = kit;
    const source = ruleSource(kit);
    const by = (): string => node.name || kit.text("by");

    kit.onInput(async (message: Message, send, done) => {
      kit.connection(message);
      const entries = allEntriesOf(message.abiquo);
      const set = await source.rulesFor(message);
      const without = set instanceof Fault ? faultText(RED, set.code, set.params) : "";
      if (without !== "") node.warn(without);
      const decided =
        set instanceof Fault ? forReview(entries, by(), without) : await judge(set.rules, set.scope, message.abiquo as AbiquoMessage, entries, by());
      for (const { unjudged } of decided) {
        if (unjudged === undefined) continue;
        node.warn(faultText(RED, unjudged.why, { rule: unjudged.rule, field: unjudged.field }));
      }
      const byOutcome = OUTCOMES.map((outcome) =>
        decided.flatMap(({ entry }): TaskEntry[] => (entry.decision?.action === outcome ? [entry] : [])),
      );
      send(portMessages(message, byOutcome, RED.util.cloneMessage));
      const shown = OUTCOMES.find((_, port) => byOutcome[port]?.length) ?? "review";
      if (source.isSound) kit.show(shown === "continue" ? "green" : shown === "cancel" ? "red" : "yellow", "dot", shown);
      done();
    });
  });

  ruleDesk(RED);
}
