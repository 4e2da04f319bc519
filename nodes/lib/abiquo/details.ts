import { Fault } from "../base/fault.ts";
import { isObject, type JsonObject, textOf } from "../base/json.ts";
import { linkOf, rebase } from "./links.ts";
import type { Resources } from "./resources.ts";
import { closedFault, foreignFault } from "./transport.ts";

/** What can be known of a task beyond itself. */
export const DETAIL_PARTS = [
  "user",
  "role",
  "enterprise",
  "virtualmachine",
  "disks",
  "volumes",
  "virtualappliance",
  "virtualdatacenter",
  "location",
] as const;

export type DetailPart = (typeof DETAIL_PARTS)[number];

export function isDetailPart(name: string): name is DetailPart {
  return (DETAIL_PARTS as readonly string[]).includes(name);
}

/** Something with a name; ids are text, as those of the task are. */
export interface Named {
  readonly id: string;
  readonly name: string;
}

/**
 * `msg.abiquo.details`, in Abiquo's own names and units. What Abiquo does not say is absent, or empty where it is
 * text. Sources: the DTOs of Abiquo 3.4 to 3.10 as they were recorded, and the titles of their links.
 */
export interface Details {
  /** who asked; `nick` is the login, `name` first and last name */
  user: Named & { readonly nick: string; readonly email: string };
  /** of the user who asked */
  role: Named;
  /** to which the virtual datacenter belongs; that of the user is `task.enterpriseId` */
  enterprise: Named;
  /** `cpu` in cores, `ram` in MB, `template` by name, `state` as LOCKED while a task waits */
  virtualmachine: Named & {
    readonly label: string;
    readonly cpu?: number;
    readonly ram?: number;
    readonly state: string;
    readonly template: string;
  };
  /** Abiquo writes the size in two ways: `sizeInMb` of disks, `sizeInMB` of volumes */
  disks: readonly (Named & { readonly sizeInMb?: number })[];
  volumes: readonly (Named & { readonly sizeInMB?: number })[];
  virtualappliance: Named & { readonly state: string };
  virtualdatacenter: Named & { readonly hypervisorType: string };
  /** `type` is `datacenter` or `publiccloudregion` */
  location: Named & { readonly type: string };
}

/**
 * What a machine stores: the one meaning of its disk, wherever it is summed up or shown. Volumes count as disks do.
 *
 * @param details as far as they are known; any node may have written them
 * @returns MB of what is known, undefined when nothing is; `isWhole` when all of it is known
 */
export function storageOf(details: Readonly<Record<string, unknown>>): { readonly diskMb: number | undefined; readonly isWhole: boolean } {
  const { disks, volumes } = details;
  const known = [...sizesIn(disks, "sizeInMb"), ...sizesIn(volumes, "sizeInMB")];
  const sizes = known.filter((size) => size !== undefined);
  const isAnyKnown = sizes.length > 0 || (known.length === 0 && (Array.isArray(disks) || Array.isArray(volumes)));
  return {
    diskMb: isAnyKnown ? sizes.reduce((sum, size) => sum + size, 0) : undefined,
    isWhole: Array.isArray(disks) && Array.isArray(volumes) && sizes.length === known.length,
  };
}

function sizesIn(parts: unknown, property: string): (number | undefined)[] {
  if (!Array.isArray(parts)) return [];
  // A size that a flow has computed may be none; the ledger keeps JSON, which has no NaN.
  return (parts as unknown[]).map((part) => {
    const size = isObject(part) ? part[property] : undefined;
    return typeof size === "number" && Number.isFinite(size) ? size : undefined;
  });
}

/** Where the reading of a task's details begins: its links, wherever they come from. */
export interface DetailLinks {
  readonly self: string;
  readonly target: string;
  readonly user: string;
}

/** The resources that details are made of. */
export type Source = "user" | "virtualmachine" | "virtualappliance" | "virtualdatacenter";

type Outcome<T> = { readonly value: T } | { readonly fault: Fault };

/**
 * Reads the details of the tasks of one message. Each resource is read once, also when its reading fails: what
 * one task found out holds for all. No link leads out of the connection: only its path is believed.
 */
export class DetailsReading {
  readonly #resources: Resources;
  readonly #signal: AbortSignal | undefined;
  readonly #read = new Map<string, Promise<JsonObject>>();

  /** @param signal after which nothing more is read */
  constructor(resources: Resources, signal?: AbortSignal) {
    this.#resources = resources;
    this.#signal = signal;
  }

  /**
   * One part of a task's details, or why it cannot be had.
   *
   * @throws AbiquoFault ABIQUO_CLOSED when the connection was closed, or the signal came, before that was known
   */
  async part<P extends DetailPart>(links: DetailLinks, part: P): Promise<Outcome<Details[P]>> {
    try {
      return { value: (await READERS[part](this, links)) as Details[P] };
    } catch (error) {
      if (!(error instanceof Fault) || error.code === "ABIQUO_CLOSED") throw error;
      return { fault: error };
    }
  }

  /** A resource that details are made of, as Abiquo sends it. @throws as the calls of AbiquoClient; DETAIL_NO_LINK */
  source(links: DetailLinks, source: Source): Promise<JsonObject> {
    return this.resource(SOURCES[source](links), source);
  }

  /** What is behind a link. @throws as the calls of AbiquoClient; DETAIL_NO_LINK when the link is empty */
  resource(link: string, name: string): Promise<JsonObject> {
    const key = `${name} ${link}`;
    let found = this.#read.get(key);
    if (found === undefined) {
      found = this.#fetch(link, name);
      this.#read.set(key, found);
    }
    return found;
  }

  async #fetch(link: string, name: string): Promise<JsonObject> {
    if (link === "") throw new Fault("DETAIL_NO_LINK", { rel: name });
    const url = rebase(link, this.#resources.client.base);
    if (this.#signal?.aborted === true) throw closedFault(false);
    return this.#resources.read(url, name);
  }
}

const SOURCES: Record<Source, (links: DetailLinks) => string> = {
  user: ({ user }) => user,
  virtualmachine: machineLink,
  virtualappliance: (links) => before(machineLink(links), "/virtualmachines/"),
  virtualdatacenter: (links) => before(machineLink(links), "/virtualappliances/"),
};

const READERS: { readonly [P in DetailPart]: (reading: DetailsReading, links: DetailLinks) => Promise<Details[P]> } = {
  async user(reading, links) {
    const dto = await reading.source(links, "user");
    const name = [textOf(dto["name"]), textOf(dto["surname"])].filter(Boolean).join(" ");
    return { id: textOf(dto["id"]), nick: textOf(dto["nick"]), name, email: textOf(dto["email"]) };
  },
  async role(reading, links) {
    return linked(reading, await reading.source(links, "user"), "role");
  },
  async enterprise(reading, links) {
    return linked(reading, await reading.source(links, "virtualdatacenter"), "enterprise");
  },
  async virtualmachine(reading, links) {
    const dto = await reading.source(links, "virtualmachine");
    const name = textOf(dto["name"]);
    return {
      id: textOf(dto["id"]),
      name,
      // Servers of the 3.x line have none.
      label: textOf(dto["label"]) || name,
      ...amount(dto, "cpu"),
      ...amount(dto, "ram"),
      state: textOf(dto["state"]),
      template: linkOf(dto, "virtualmachinetemplate")?.title ?? "",
    };
  },
  async disks(reading, links) {
    const elements = await elementsOf(reading, below(machineLink(links), "/storage/disks"), "harddisks");
    return elements.map((disk) => ({ id: textOf(disk["id"]), name: textOf(disk["label"]), ...amount(disk, "sizeInMb") }));
  },
  async volumes(reading, links) {
    const elements = await elementsOf(reading, below(machineLink(links), "/storage/volumes"), "volumes");
    return elements.map((volume) => ({ id: textOf(volume["id"]), name: textOf(volume["name"]), ...amount(volume, "sizeInMB") }));
  },
  async virtualappliance(reading, links) {
    const dto = await reading.source(links, "virtualappliance");
    return { ...named(dto), state: textOf(dto["state"]) };
  },
  async virtualdatacenter(reading, links) {
    const dto = await reading.source(links, "virtualdatacenter");
    return { ...named(dto), hypervisorType: textOf(dto["hypervisorType"]) };
  },
  async location(reading, links) {
    const datacenter = await reading.source(links, "virtualdatacenter");
    return { ...(await linked(reading, datacenter, "location")), type: mediaName(linkOf(datacenter, "location")?.type ?? "") };
  },
};

/** `virtualmachine` of `application/vnd.abiquo.virtualmachine+json; version=6.1`; empty for any other media type. */
export function mediaName(type: string): string {
  return /^application\/vnd\.abiquo\.([a-z]+)(?:[+;]|$)/.exec(type)?.[1] ?? "";
}

/** Id and name as the link says them, which saves a request and the right to make it; else what is behind the link. */
async function linked(reading: DetailsReading, dto: JsonObject, rel: string): Promise<Named> {
  const link = linkOf(dto, rel);
  if (link === undefined || link.href === "") throw new Fault("DETAIL_NO_LINK", { rel });
  const id = /\/([A-Za-z0-9_-]+)$/.exec(link.href)?.[1] ?? "";
  if (link.title !== "" && id !== "") return { id, name: link.title };
  return named(await reading.resource(link.href, mediaName(link.type) || rel));
}

async function elementsOf(reading: DetailsReading, link: string, name: string): Promise<Record<string, unknown>[]> {
  const { collection } = await reading.resource(link, name);
  if (!Array.isArray(collection)) throw foreignFault(200, undefined);
  return (collection as unknown[]).filter(isObject);
}

function named(dto: JsonObject): Named {
  return { id: textOf(dto["id"]), name: textOf(dto["name"]) };
}

function amount<K extends string>(dto: Record<string, unknown>, key: K): { [key in K]?: number } {
  const value = dto[key];
  return (typeof value === "number" ? { [key]: value } : {}) as { [key in K]?: number };
}

function machineLink({ target, self }: DetailLinks): string {
  return target || before(self, "/tasks/");
}

/** The link without what begins with `part`; empty when it has none. */
function before(link: string, part: string): string {
  return link.slice(0, Math.max(0, link.indexOf(part)));
}

function below(link: string, path: string): string {
  return link === "" ? "" : link + path;
}
