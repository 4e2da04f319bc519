import type { Node, NodeAPI } from "node-red";
import { Fault } from "../lib/base/fault.ts";
import { once } from "../lib/base/once.ts";
import { claimPath } from "../lib/node-red/claimed-path.ts";
import type { Configuration } from "../lib/node-red/config.ts";
import { defineNode } from "../lib/node-red/define.ts";
import { redeployedBelow } from "../lib/node-red/redeploy.ts";
import { type WebhookHandler, webhookRoutes } from "../lib/node-red/routes.ts";
import { attachToStore } from "../lib/node-red/store-access.ts";
import { DEFAULT_WEBHOOK_PATH, type WebhookAuth, type WebhookNode, webhookUrl } from "../lib/node-red/webhook-url.ts";
import { admits, type WebhookAccess } from "./access.ts";
import { catchUp, catchUpOf } from "./catch-up.ts";
import { FailedCalls } from "./failed-calls.ts";
import { measure } from "./measure.ts";
import { Receiver } from "./receiver.ts";
import { Refusals } from "./refusals.ts";
import { WEBHOOK_WORDS, type WebhookKit } from "./words.ts";

const MEGABYTE = 1024 * 1024;
/** What Node-RED's admin API takes unless its settings say otherwise (`apiMaxLength`). */
const ADMIN_LIMIT = "5mb";

export default function (RED: NodeAPI): void {
  if (typeof RED.httpNode === "function") webhookRoutes(RED).holdUntilStarted(RED);
  defineNode(
    RED,
    "abiquo-webhook-in",
    { credentials: ["secret", "previousSecret", "username", "password"], words: WEBHOOK_WORDS },
    (kit) => {
      const { node, config } = kit;
      const connection = kit.connection();
      const path = config.text("path", DEFAULT_WEBHOOK_PATH);
      const auth = authOf(config, kit.credentials);
      const access: WebhookAccess = {
        auth,
        allowFrom: config.addresses("allowFrom"),
        trustedProxies: connection.trustedProxies,
        failedCalls: new FailedCalls(),
        onPrevious: once(() => node.warn(kit.text("previousUsed"))),
      };
      const terms = catchUpOf(config);
      const megabytes = config.number("maxBody", 16, 0.001);
      const receiver = new Receiver(kit, connection, {
        emit: config.choice("emit", ["task", "group"]),
        limit: megabytes * MEGABYTE,
        verify: config.flag("verify"),
      });

      let refused = 0;
      const refusals = new Refusals((count, statuses) => node.warn(kit.text("refusedLately", { count, statuses })));
      kit.onClose(() => refusals.flush());
      const handle: WebhookHandler = (request, response, rest, again) => {
        measure(connection, response);
        const verdict = admits(access, request, rest);
        if (verdict === 200) return void receiver.take(request, response, again);
        request.resume();
        response.writeHead(verdict, headersOf(verdict, auth)).end();
        if (verdict === 404) return;
        refused++;
        refusals.add(verdict);
        kit.show("rejected", { count: refused });
      };

      claimPath(kit, path, handle, false, () => showListening(kit, megabytes));
      (node as Node & { webhook: WebhookNode }).webhook = { path, url: () => webhookUrl(connection.publicUrl, path, auth) };

      kit.onStart(() =>
        attachToStore(kit, connection, async (engine) => {
          await receiver.resume();
          kit.onClose(engine.onTakeUp(() => void receiver.resume(true)));
        }),
      );
      kit.onStart(() => catchUp(kit, connection, receiver, terms));
      redeployedBelow(kit, () => receiver.resume());
    },
  );
}

function headersOf(verdict: number, { kind }: WebhookAuth): Record<string, string> {
  if (verdict === 429) return { "Retry-After": "60" };
  return verdict === 401 && kind === "basic" ? { "WWW-Authenticate": "Basic" } : {};
}

function showListening(kit: WebhookKit, megabytes: number): void {
  if (webhookRoutes(kit.RED).readsAhead) return kit.show("listening");
  const { apiMaxLength = ADMIN_LIMIT } = kit.RED.settings as { apiMaxLength?: string | number };
  kit.node.warn(kit.text("limitedBody", { limit: String(apiMaxLength), wanted: `${megabytes} MB` }));
  kit.show("limit", { limit: String(apiMaxLength) });
}

/** @throws Fault CREDENTIAL_MISSING when the chosen way has no secret: an open door must be asked for */
function authOf(config: Configuration, secrets: Configuration): WebhookAuth {
  const required = (name: string, value = secrets.text(name)): string => {
    if (value === "") throw new Fault("CREDENTIAL_MISSING", { name });
    return value;
  };
  const kind = config.choice("auth", ["secret", "basic", "none"]);
  if (kind === "none") return { kind };
  if (kind === "secret") return { kind, secret: required("secret"), previous: secrets.text("previousSecret") };
  const typed = (name: string): string => required(name, secrets.secret(name));
  return { kind, username: typed("username"), password: typed("password"), previous: secrets.secret("previousSecret") };
}
