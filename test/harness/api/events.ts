import type { SimEvent } from "../world/events.ts";
import { ApiError } from "./errors.ts";
import { listOf } from "./lists.ts";
import type { Call, Result, Route } from "./route.ts";

const READS_EVENTS = ["EVENTLOG_VIEW_ENTERPRISE", "EVENTLOG_VIEW_ALL"] as const;

/** The event log (documented for 4.4 and later; its route is in the 3.4 server's own list). */
export const EVENT_ROUTES: readonly Route[] = [
  { method: "GET", path: "/events", privileges: READS_EVENTS, produces: ["events"], handle: events },
  { method: "GET", path: "/events/{event}", privileges: READS_EVENTS, produces: ["event"], handle: readEvent },
];

/** Those of one's own enterprise, or of every one within one's scope. */
function isVisible(call: Call, { task }: SimEvent): boolean {
  return call.privileges.has("EVENTLOG_VIEW_ALL") ? call.world.sees(call.user, task.enterprise) : task.enterprise === call.user.enterprise;
}

/** `datefrom` is in epoch seconds, as Abiquo's own client sends it. Newest first unless `asc=true`. */
function events(call: Call): Result {
  const from = Number(call.query.get("datefrom") ?? 0);
  if (!Number.isFinite(from)) throw new ApiError("GEN-1");
  const found = call.abiquo.eventLog.since(from * 1_000).filter((event) => isVisible(call, event));
  if (call.query.get("asc") !== "true") call.query.set("asc", "false");
  return {
    dto: listOf(
      call,
      found,
      { id: ({ id }) => id },
      ({ action }) => [action],
      (event) => eventDto(call, event),
    ),
  };
}

function readEvent(call: Call): Result {
  const event = call.abiquo.eventLog.get(call.id("event"));
  if (event === undefined || !isVisible(call, event)) throw new ApiError("404-NOT-FOUND");
  return { dto: eventDto(call, event) };
}

/** Names of fields as Abiquo's outbound client reads them. */
function eventDto({ abiquo, world }: Call, { id, at, severity, component, action, task, by, detail }: SimEvent): object {
  const machine = world.machines.get(task.virtualMachine);
  return {
    id,
    timestamp: new Date(at).toISOString(),
    severity,
    component,
    actionPerformed: action,
    performedBy: by,
    user: task.user.nick,
    idUser: task.user.id,
    enterprise: world.enterprises.get(task.enterprise)?.name ?? "",
    idEnterprise: task.enterprise,
    idVirtualDatacenter: task.virtualDatacenter,
    idVirtualApp: task.virtualAppliance,
    idVirtualMachine: task.virtualMachine,
    virtualMachine: machine?.name ?? "",
    ...(detail === undefined ? {} : severity === "ERROR" ? { stacktrace: detail } : { customMessage: detail }),
    links: [{ rel: "self", href: `${abiquo.url}/events/${id}` }],
  };
}
