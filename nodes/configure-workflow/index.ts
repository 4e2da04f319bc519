import type { NodeAPI } from "node-red";
import { defineNode } from "../lib/node-red/define.ts";
import { requiredText, typedProperty } from "../lib/node-red/evaluate.ts";
import { maskedEndpoint, webhookPaths, webhookUrlOf } from "../lib/node-red/webhook-url.ts";
import { configureEnterprise, configurePlatform } from "./settings.ts";
import { CONFIGURE_WORDS } from "./words.ts";

export default function (RED: NodeAPI): void {
  defineNode(RED, "abiquo-configure-workflow", { words: CONFIGURE_WORDS }, (kit) => {
    const { config } = kit;
    const connection = kit.connection();
    const target = config.choice("target", ["platform", "enterprise"]);
    const action = config.choice("action", ["read", "enable", "disable"]);
    const force = config.flag("force");
    const isWebhook = config.text("endpointType") === "webhook";
    const endpoint = isWebhook
      ? async () => webhookUrlOf(RED, config.text("endpoint"))
      : typedProperty(kit, "endpoint", { value: "", type: "str" });
    const enterprise = typedProperty(kit, "enterprise", { value: "", type: "str" });

    kit.onInput(async (message, send, done) => {
      kit.connection(message);
      const change = { action, force, signal: kit.signal };
      if (target === "platform") {
        const url = action === "enable" ? await requiredText(endpoint, "endpoint", message) : "";
        const state = await configurePlatform(connection.client, { ...change, endpoint: url });
        message.payload = { ...state, endpoint: maskedEndpoint(state.endpoint, webhookPaths(RED)) };
        kit.show(state.enabled ? "enabled" : "disabled");
      } else {
        const id = await requiredText(enterprise, "enterprise", message);
        const state = await configureEnterprise(connection.client, id, change);
        message.payload = state;
        kit.show(state.workflow ? "enabled" : "disabled");
      }
      message.topic = target;
      send(message);
      done();
    });
  });
}
