import type { NodeAPI } from "node-red";
import { Fault } from "../lib/base/fault.ts";
import type { AbiquoMessage } from "../lib/engine/index.ts";
import { defineNode, type Message } from "../lib/node-red/define.ts";
import { allEntriesOf, portMessages } from "../lib/node-red/task-entries.ts";
import { faultText } from "../lib/node-red/text.ts";
import { forReview, judge, type Words } from "./decisions.ts";
import { serveRuleAdmin } from "./rule-admin.ts";
import { ruleSource } from "./rule-source.ts";
import { DECISION_WORDS } from "./words.ts";

const OUTCOMES = ["continue", "cancel", "review"] as const;

export default function (RED: NodeAPI): void {
  defineNode(RED, "abiquo-task-decision", { words: DECISION_WORDS }, (kit) => {
    const { node } = kit;
    const source = ruleSource(kit);
    const words: Words = ({ code, params }) => faultText(RED, code, params);
    const by = (): string => node.name || kit.text("by");

    kit.onInput(async (message: Message, send, done) => {
      const connection = kit.connection(message);
      const entries = allEntriesOf(message.abiquo);
      const abiquo = message.abiquo as AbiquoMessage;
      const set = await source.rulesFor(message);
      const decided =
        set instanceof Fault
          ? forReview(abiquo, entries, by(), words(set))
          : await judge({ ...set, abiquo, entries, by: by(), connection, words, signal: kit.signal });
      for (const doubt of decided.doubts) node.warn(doubt);
      const byOutcome = OUTCOMES.map((outcome) => decided.entries.filter(({ decision }) => decision?.action === outcome));
      send(portMessages(message, decided.abiquo, byOutcome, RED.util.cloneMessage));
      const shown = OUTCOMES.find((_, port) => byOutcome[port]?.length) ?? "review";
      if (source.isSound) kit.show(shown);
      done();
    });
  });

  serveRuleAdmin(RED);
}
