import type { NodeAPI } from "node-red";
import type { AbiquoMessage, TaskEntry } from "./lib/engine/index.ts";
import { compileRules } from "./lib/rules/index.ts";
import { defineNode, type Message } from "./lib/runtime/define.ts";
import { faultText } from "./lib/runtime/text.ts";
import { allEntriesOf, judge, portMessages } from "./lib/runtime/verdicts.ts";

const OUTCOMES = ["continue", "cancel", "review"] as const;

export default function (RED: NodeAPI): void {
  defineNode(RED, "abiquo-task-decision", {}, (kit) => {
    const { node, config } = kit;
    const scope = config.choice("scope", ["task", "group"]);
    const otherwise = config.choice("otherwise", ["review", "continue", "cancel"]);
    const rules = compileRules(config.raw("rules") ?? [], { otherwise, scope });
    const by = (): string => node.name || kit.text("by");

    kit.onInput(async (message: Message, send, done) => {
      kit.connection(message);
      const entries = allEntriesOf(message.abiquo);
      const decided = await judge(rules, scope, message.abiquo as AbiquoMessage, entries, by());
      for (const { unjudged } of decided) {
        if (unjudged === undefined) continue;
        node.warn(faultText(RED, unjudged.why, { rule: unjudged.rule, field: unjudged.field }));
      }
      const byOutcome = OUTCOMES.map((outcome) =>
        decided.flatMap(({ entry }): TaskEntry[] => (entry.decision?.action === outcome ? [entry] : [])),
      );
      send(portMessages(message, byOutcome, RED.util.cloneMessage));
      const shown = OUTCOMES.find((_, port) => byOutcome[port]?.length) ?? "review";
      kit.show(shown === "continue" ? "green" : shown === "cancel" ? "red" : "yellow", "dot", shown);
      done();
    });
  });
}
