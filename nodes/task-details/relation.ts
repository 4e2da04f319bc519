import { type DetailsReading, linkOf, mediaName, type Source } from "../lib/abiquo/index.ts";
import { Fault } from "../lib/base/fault.ts";
import type { JsonObject } from "../lib/base/json.ts";
import type { TaskEntry } from "../lib/engine/index.ts";
import type { ConnectionNode } from "../lib/node-red/connection.ts";
import { linksOf } from "../lib/node-red/details.ts";

/** The resources around a task, in the order in which they are searched for a relation. */
const SOURCES: readonly Source[] = ["virtualmachine", "virtualappliance", "virtualdatacenter", "user"];

/** Relations of a task itself, and the media types of what they lead to. */
const OWN_RELS: Readonly<Record<string, Source | "task">> = {
  self: "task",
  target: "virtualmachine",
  virtualmachine: "virtualmachine",
  virtualappliance: "virtualappliance",
  virtualdatacenter: "virtualdatacenter",
  user: "user",
};

/** Where the last part of a path is called otherwise than what is there. */
const CALLED: Readonly<Record<string, string>> = {
  login: "user",
  pendingtasks: "tasks",
  disks: "harddisks",
  properties: "systemproperties",
};

/**
 * What a relation of a task, or of a resource around it, leads to. Everything is read with GET.
 *
 * @param rel of the task (`target`, `user`, `self`), of a named resource (`virtualmachine.nics`), or of the first of
 *   virtual machine, virtual appliance, virtual datacenter and user that has it
 * @param type name of the media type; empty = as the link says
 * @throws Fault DETAIL_NO_LINK; ABIQUO_BAD_LINK when it leads elsewhere; as the calls of AbiquoClient
 */
export async function followRel(reading: DetailsReading, entry: TaskEntry, rel: string, type: string): Promise<JsonObject> {
  const links = linksOf(entry);
  const own = OWN_RELS[rel];
  if (own === "task") return reading.resource(links.self, own);
  if (own !== undefined) return reading.source(links, own);
  const named = SOURCES.find((source) => rel.startsWith(`${source}.`));
  const wanted = named === undefined ? rel : rel.slice(named.length + 1);
  for (const source of named === undefined ? SOURCES : [named]) {
    const link = linkOf(await reading.source(links, source), wanted);
    if (link !== undefined) return reading.resource(link.href, type || mediaName(link.type) || wanted);
  }
  throw new Fault("DETAIL_NO_LINK", { rel });
}

/**
 * What is at a path below the API base.
 *
 * @param path as `/admin/enterprises/2/users?limit=10`
 * @param type name of the media type; empty = as the path lets expect
 * @throws Fault ABIQUO_BAD_LINK when it does not lead below the connection's URL; as the calls of AbiquoClient
 */
export function readPath({ base, resources }: ConnectionNode, path: string, type: string): Promise<JsonObject> {
  if (/^([A-Za-z][A-Za-z0-9+.-]*:|\/\/)/.test(path)) throw new Fault("ABIQUO_BAD_LINK", { href: "" });
  return resources.read(`${base}/${path.replace(/^\//, "")}`, type || typeOfPath(path));
}

/** `users` of `/admin/enterprises/2/users`, `user` of `/admin/enterprises/2/users/3`. */
function typeOfPath(path: string): string {
  const segments = path.replace(/\?.*$/, "").split("/").filter(Boolean);
  const last = segments.at(-1) ?? "";
  if (/^[a-z]+$/.test(last)) return CALLED[last] ?? last;
  const list = segments.at(-2) ?? "";
  return (CALLED[list] ?? list).replace(/ies$/, "y").replace(/s$/, "");
}

/** The name in a media type that was written in full, or the name itself. @throws Fault CONFIG_INVALID */
export function typeName(text: string, property: string): string {
  const name = text.includes("/") ? mediaName(text) : text;
  if (text !== "" && !/^[a-z]+$/.test(name)) throw new Fault("CONFIG_INVALID", { property });
  return name;
}
