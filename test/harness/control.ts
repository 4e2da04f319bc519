import type { IncomingMessage, ServerResponse } from "node:http";
import type { SimulatedAbiquo } from "./abiquo.ts";
import { parseFault } from "./faults.ts";
import { pageFile } from "./page.ts";
import { readText } from "./read-text.ts";
import type { SimTask, SubmitRequest } from "./world/tasks.ts";
import { WORKFLOW_USER } from "./world/world.ts";

/** What the page and the examples use; not a part of Abiquo. */
export async function control(abiquo: SimulatedAbiquo, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  const body = await readText(request);
  if (request.method === "GET" && pathname === "/simulator/tasks")
    return json(
      response,
      200,
      abiquo
        .tasks()
        .reverse()
        .slice(0, 200)
        .map((task) => shown(task, abiquo)),
    );
  if (request.method === "GET" && pathname === "/simulator/requests")
    return json(response, 200, [...abiquo.recent].reverse().slice(0, REQUESTS_SHOWN));
  if (request.method === "GET" && pathname === "/simulator/cloud") return json(response, 200, cloudOf(abiquo));
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
        return json(response, 200, { tasks: tasks.map((task) => shown(task, abiquo)), webhook });
      }
      case "/simulator/decide":
        abiquo.decideElsewhere(String(value["taskId"]), value["action"] === "cancel" ? "cancel" : "continue");
        return json(response, 200, {});
      case "/simulator/clock": {
        const ms = value["ms"];
        if (typeof ms !== "number" || !Number.isFinite(ms)) throw new Error("ms must be a number of milliseconds");
        abiquo.moveClock(ms);
        return json(response, 200, { now: new Date(abiquo.now).toISOString() });
      }
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

const REQUESTS_SHOWN = 50;
const TENANTS_SHOWN = 25;
const USERS_SHOWN = 200;

function shown({ taskId, type, state, user, virtualMachine, created, text, answeredBy }: SimTask, { world }: SimulatedAbiquo): object {
  const { name = "", cpu = 0, ram = 0 } = world.machines.get(virtualMachine) ?? {};
  return { taskId, type, state, requester: user.nick, machine: name, cpu, ram, created, text, answeredBy };
}

/** What the page shows beside the tasks. */
function cloudOf(abiquo: SimulatedAbiquo): object {
  const { world } = abiquo;
  const connection = world.userNamed(WORKFLOW_USER);
  const role = world.roles.get(connection?.role);
  const tenants = [...world.enterprises];
  return {
    users: world.users
      .filter(({ nick }) => nick !== WORKFLOW_USER)
      .slice(0, USERS_SHOWN)
      .map(({ nick, name, surname }) => ({ nick, name: `${name} ${surname}` })),
    connection: { nick: connection?.nick ?? "", role: role?.name ?? "", privileges: role?.privileges ?? [] },
    tenants: tenants.slice(0, TENANTS_SHOWN).map(({ id, name, workflow }) => ({ id, name, workflow, waiting: abiquo.heldOf(id).length })),
    moreTenants: Math.max(0, tenants.length - TENANTS_SHOWN),
  };
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store" });
  response.end(JSON.stringify(value));
}
