import type { IncomingMessage, ServerResponse } from "node:http";
import { readText, type SimulatedAbiquo } from "./abiquo.ts";
import { parseFault } from "./faults.ts";
import { pageFile } from "./page.ts";
import type { SimTask, SubmitRequest } from "./world/tasks.ts";

/** What the page and the examples use; not a part of Abiquo. */
export async function control(abiquo: SimulatedAbiquo, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  const body = await readText(request);
  if (request.method === "GET" && pathname === "/simulator/tasks") return json(response, 200, abiquo.tasks().reverse().slice(0, 200).map(shown));
  if (request.method === "GET" && pathname === "/simulator/faults") return json(response, 200, abiquo.faults());
  if (request.method === "GET" || request.method === "HEAD") {
    const page = pageFile(pathname, request, abiquo.version, abiquo.options.language);
    if (page !== undefined) return void response.writeHead(200, page.headers).end(request.method === "HEAD" ? undefined : page.body);
  }
  const faults = /^\/simulator\/faults(?:\/(\d+))?$/.exec(pathname);
  if (request.method === "DELETE" && faults !== null) {
    if (!isOwnOrigin(request)) return json(response, 403, { error: "Only from this page or from a program" });
    const [, id] = faults;
    const isDone = abiquo.clearFaults(id === undefined ? undefined : Number(id));
    return isDone ? void response.writeHead(204).end() : json(response, 404, { error: `There is no fault ${id}` });
  }
  if (request.method !== "POST") return json(response, 404, { error: "There is nothing here" });
  if (!isOwnRequest(request)) return json(response, 403, { error: "Only JSON from this page or from a program" });
  let value: Record<string, unknown>;
  try {
    const parsed: unknown = JSON.parse(body === "" ? "{}" : body);
    if (typeof parsed !== "object" || parsed === null) throw new Error("no object");
    value = parsed as Record<string, unknown>;
  } catch {
    return json(response, 400, { error: "The body is no JSON object" });
  }
  try {
    switch (pathname) {
      case "/simulator/submit": {
        const { tasks, webhook } = await abiquo.submit(value as SubmitRequest);
        return json(response, 200, { tasks: tasks.map(shown), webhook });
      }
      case "/simulator/decide":
        abiquo.decideElsewhere(String(value["taskId"]), value["action"] === "cancel" ? "cancel" : "continue");
        return json(response, 200, {});
      case "/simulator/faults": {
        const { id } = abiquo.inject(parseFault(value));
        return json(response, 201, { id });
      }
      default:
        return json(response, 404, { error: "There is nothing here" });
    }
  } catch (error) {
    return json(response, 400, { error: error instanceof Error ? error.message : String(error) });
  }
}

/** A foreign page in somebody's browser can send neither JSON without a preflight nor our origin. */
function isOwnRequest(request: IncomingMessage): boolean {
  return (request.headers["content-type"] ?? "").startsWith("application/json") && isOwnOrigin(request);
}

function isOwnOrigin({ headers }: IncomingMessage): boolean {
  return headers.origin === undefined || headers.origin === `http://${headers.host}`;
}

function shown({ taskId, type, state, user, virtualMachine, created, text, answeredBy }: SimTask): object {
  return { taskId, type, state, requester: user.nick, virtualMachine, created, text, answeredBy };
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store" });
  response.end(JSON.stringify(value));
}
