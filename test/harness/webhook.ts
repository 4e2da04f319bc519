import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { taskDto } from "./dto/tasks.ts";
import type { SimTask } from "./world/tasks.ts";
import { tasksXml } from "./xml.ts";

export interface WebhookForm {
  readonly format?: "json" | "xml";
  /** auto: deploy and undeploy as a collection, reconfigure as a single task */
  readonly shape?: "auto" | "single" | "collection";
  /** `cloud/…`, `/api/cloud/…`, or with the host as some inner server knows itself */
  readonly linkStyle?: "path" | "rooted" | "absolute";
  /**
   * `vendor`: the media type of Abiquo with its version, which a connector of 2014 insisted on; `plain`: that of JSON
   * or XML alone; or a whole media type
   */
  readonly contentType?: "vendor" | "plain" | (string & {});
}

export type WebhookResult =
  | { readonly status: number; readonly body: string }
  | { readonly error: string }
  | { readonly lost: true }
  | { readonly skipped: string };

const PREFIX = { path: "", rooted: "/api/", absolute: "http://10.0.0.4:8009/api/" };

/**
 * The body that Abiquo posts for these tasks.
 *
 * @param version of the server, as `6.1.2`
 */
export function webhookBody(tasks: readonly SimTask[], version: string, form: WebhookForm): { body: string; contentType: string } {
  const { format = "json", shape = "auto", linkStyle = "path" } = form;
  const dtos = tasks.map((task) => taskDto(task, "webhook", PREFIX[linkStyle]));
  const asCollection = tasks.length !== 1 || shape === "collection" || (shape === "auto" && tasks[0]?.type !== "RECONFIGURE");
  const name = asCollection ? "tasks" : "task";
  const contentType = contentTypeOf(form.contentType ?? "vendor", name, format, version);
  if (format === "xml") return { body: tasksXml(dtos, asCollection), contentType };
  const value = asCollection ? { totalSize: dtos.length, links: [], collection: dtos } : dtos[0];
  return { body: JSON.stringify(value), contentType };
}

function contentTypeOf(kind: string, name: string, format: string, version: string): string {
  if (kind === "plain") return `application/${format}`;
  if (kind !== "vendor") return kind;
  return `application/vnd.abiquo.${name}+${format}; version=${version.split(".").slice(0, 2).join(".")}`;
}

/** Posts webhooks as Abiquo does: once, over kept connections, with a limit on reading. */
export class WebhookSender {
  readonly #http = new HttpAgent({ keepAlive: true });
  readonly #https = new HttpsAgent({ keepAlive: true });
  /** Abiquo's `workflow.read.timeout`, in ms */
  readTimeoutMs: number;

  constructor(readTimeoutMs: number) {
    this.readTimeoutMs = readTimeoutMs;
  }

  send(url: string, body: string, contentType: string): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const target = new URL(url);
      const isSecure = target.protocol === "https:";
      const credentials =
        target.username === "" ? {} : { auth: `${decodeURIComponent(target.username)}:${decodeURIComponent(target.password)}` };
      const request = (isSecure ? httpsRequest : httpRequest)(
        target,
        {
          method: "POST",
          agent: isSecure ? this.#https : this.#http,
          ...credentials,
          headers: { "Content-Type": contentType, "Content-Length": Buffer.byteLength(body), Accept: "*/*" },
        },
        (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (part: string) => (text += part));
          response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
          response.on("error", reject);
        },
      );
      request.setTimeout(this.readTimeoutMs, () => request.destroy(new Error("read timed out")));
      request.on("error", reject);
      request.end(body);
    });
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}
