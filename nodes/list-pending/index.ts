import type { NodeAPI } from "node-red";
import { defineNode } from "../lib/node-red/define.ts";
import { requiredText, typedProperty } from "../lib/node-red/evaluate.ts";
import { type Listed, type ListScope, listMessages, pendingInAbiquo, pendingInLedger } from "./listing.ts";
import { LIST_WORDS } from "./words.ts";

export default function (RED: NodeAPI): void {
  defineNode(RED, "abiquo-list-pending", { words: LIST_WORDS }, (kit) => {
    const { config } = kit;
    const connection = kit.connection();
    const scope: ListScope = config.choice("scope", ["enterprise", "user", "me", "all", "ledger"]);
    const enterprise = typedProperty(kit, "enterprise", { value: "", type: "str" });
    const user = typedProperty(kit, "user", { value: "", type: "str" });
    const stage = config.choice("stage", ["held", "asked", "decided", "undeliverable"]);
    const query = { filter: config.text("filter"), limit: config.wholeNumber("limit", 0) };
    const emit = config.choice("emit", ["task", "list"]);

    kit.onInput(async (message, send, done) => {
      kit.connection(message);
      kit.show("reading");
      const listed: Listed[] = [];
      if (scope === "ledger") {
        listed.push(...(await pendingInLedger(RED, await connection.engine, connection, stage, query)));
      } else {
        const where = {
          enterprise: scope === "enterprise" || scope === "user" ? await requiredText(enterprise, "enterprise", message) : "",
          user: scope === "user" ? await requiredText(user, "user", message) : "",
        };
        const onProblem = (problem: unknown): void => kit.report(problem, message);
        listed.push(...(await pendingInAbiquo(connection.client, scope, where, query, kit.signal, onProblem)));
      }
      for (const out of listMessages(message, listed, emit, connection.id, RED.util)) send(out);
      kit.show("count", { count: listed.length });
      done();
    });
  });
}
