import { isObject, type JsonObject, textOf } from "../base/json.ts";
import { type Api, segment } from "./api.ts";
import { linkOf, rebase } from "./links.ts";
import { collectionOf, PAGE } from "./paging.ts";
import { tasksIn } from "./pending-tasks.ts";
import type { AbiquoTask } from "./task.ts";

/**
 * One entry of the event log. Its fields are those that Abiquo's own client of the log reads; none was ever recorded, so
 * that each of them may be missing.
 */
export interface AbiquoEvent {
  /** empty when unknown */
  readonly id: string;
  /** milliseconds since 1970, by the server's clock */
  readonly at?: number;
  /** as `TASK_DEPLOY_CANCEL` */
  readonly action: string;
  /** login name; empty when unknown */
  readonly by: string;
  /** link of the machine, absolute */
  readonly machine?: string;
}

/** Where the next page begins, as the link `next` of the page before says. */
export interface EventCursor {
  readonly query: string;
}

export interface EventPage {
  readonly events: readonly AbiquoEvent[];
  /** absent after the last page */
  readonly next?: EventCursor;
}

const MACHINE = /cloud\/virtualdatacenters\/[\w-]+\/virtualappliances\/[\w-]+\/virtualmachines\/[\w-]+/;
/** What stands in a query, and nothing that could end it. */
const QUERY = /^[\w=&%.,:+~-]{0,1000}$/;
/** Numbers below this count seconds: as milliseconds they would be a day of 1970. */
const SECONDS_BELOW = 100_000_000_000;

/** As `AbiquoClient.events`. */
export async function readEvents(api: Api, from: number | EventCursor, signal?: AbortSignal): Promise<EventPage> {
  const query = typeof from === "number" ? `datefrom=${from}&asc=true&limit=${PAGE}` : from.query;
  const page = await api.read(`${api.base}/events?${query}`, "events", signal);
  const events = collectionOf(page).flatMap((dto) => (isObject(dto) ? [eventOf(dto as JsonObject, api)] : []));
  const next = linkOf(page, "next")?.href.split("?")[1] ?? "";
  return next !== "" && next !== query && QUERY.test(next) ? { events, next: { query: next } } : { events };
}

/** As `AbiquoClient.tasksOf`. */
export async function readTasksOf(api: Api, machine: string, signal?: AbortSignal): Promise<AbiquoTask[]> {
  return tasksIn(collectionOf(await api.read(`${machine}/tasks`, "tasks", signal)), api, () => undefined);
}

function eventOf(dto: JsonObject, api: Api): AbiquoEvent {
  const at = momentOf(dto["timestamp"]);
  const machine = machineOf(dto, api);
  return {
    id: textOf(dto["id"]),
    ...(at === undefined ? {} : { at }),
    action: textOf(dto["actionPerformed"]) || textOf(dto["action"]),
    by: textOf(dto["performedBy"]),
    ...(machine === undefined ? {} : { machine }),
  };
}

/** By its ids, or by a link of the event to the machine or to something of it. */
function machineOf(dto: JsonObject, { base }: Api): string | undefined {
  const ids = ["idVirtualDatacenter", "idVirtualApp", "idVirtualMachine"].map((name) => textOf(dto[name]));
  const [datacenter = "", appliance = "", machine = ""] = ids;
  try {
    if (!ids.includes("")) {
      return `${base}/cloud/virtualdatacenters/${segment(datacenter)}/virtualappliances/${segment(appliance)}/virtualmachines/${segment(machine)}`;
    }
    const links: unknown = dto["links"];
    const hrefs = Array.isArray(links) ? links.map((link) => (isObject(link) ? textOf(link["href"]) : "")) : [];
    const path = hrefs.map((href) => MACHINE.exec(href)?.[0]).find((found) => found !== undefined);
    return path === undefined ? undefined : rebase(path, base);
  } catch {
    // Ids that are none: an event is only a hint.
    return undefined;
  }
}

/** ISO 8601, or a number of seconds or milliseconds. */
function momentOf(value: unknown): number | undefined {
  const text = textOf(value);
  const number = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(number)) return undefined;
  return /^\d+$/.test(text) && number < SECONDS_BELOW ? number * 1_000 : number;
}
