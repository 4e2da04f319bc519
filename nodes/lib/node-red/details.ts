import { type DetailLinks, type DetailPart, DetailsReading, isDetailPart, storageOf } from "../abiquo/index.ts";
import { forEachAtOnce } from "../base/concurrency.ts";
import { Fault } from "../base/fault.ts";
import { getOrCreate } from "../base/get-or-create.ts";
import { isObject, textOf } from "../base/json.ts";
import type { AbiquoMessage, TaskEntry } from "../engine/index.ts";
import type { ConnectionNode } from "./connection.ts";

/** What a total is the sum of: an amount of each task, the parts that hold it, and its name for whoever looks for it. */
interface Summand {
  /** The first of them stands for all where parts are asked for by name. */
  readonly parts: readonly [DetailPart, ...DetailPart[]];
  readonly field: string;
  /** undefined unless all of it is known */
  readonly of: (details: Readonly<Record<string, unknown>>) => number | undefined;
}

const TOTALS = {
  cpu: { parts: ["virtualmachine"], field: "virtualmachine.cpu", of: (details) => numberIn(details["virtualmachine"], "cpu") },
  ram: { parts: ["virtualmachine"], field: "virtualmachine.ram", of: (details) => numberIn(details["virtualmachine"], "ram") },
  diskMb: { parts: ["disks", "volumes"], field: "disks.sizeInMb, volumes.sizeInMB", of: wholeStorage },
} as const satisfies Record<string, Summand>;

function numberIn(value: unknown, property: string): number | undefined {
  return isObject(value) && typeof value[property] === "number" ? value[property] : undefined;
}

function wholeStorage(details: Readonly<Record<string, unknown>>): number | undefined {
  const { diskMb, isWhole } = storageOf(details);
  return isWhole ? diskMb : undefined;
}

export type Total = keyof typeof TOTALS;
export type Group = NonNullable<AbiquoMessage["group"]> & { [total in Total]?: number };

export const TOTAL_NAMES = Object.keys(TOTALS) as readonly Total[];

/** How many tasks are completed at the same time; the connection has its own bound. */
const WIDTH = 8;

/** An entry of `details.missing`: what could not be had, and why, as code and in words. */
interface Missing {
  readonly part: string;
  readonly code: string;
  readonly reason: string;
}

/**
 * What the tasks of one message come to know beyond themselves. Facts that the message has are used; those it
 * lacks are read from Abiquo when they are asked for, and added. The message itself stays as it is.
 */
export class MessageDetails {
  /** one for each task, in their order; undefined where nothing is known */
  readonly details: (Record<string, unknown> | undefined)[];
  /** whose totals grow as they become known */
  readonly group: Group;
  readonly #entries: readonly TaskEntry[];
  readonly #reading: DetailsReading;
  readonly #words: (fault: Fault) => string;
  readonly #asked = new Map<string, Promise<Fault | undefined>>();

  /**
   * @param words what is wrong, in the operator's language
   * @param reading what is read by it already is not read again
   */
  constructor(
    connection: ConnectionNode,
    abiquo: AbiquoMessage,
    entries: readonly TaskEntry[],
    words: (fault: Fault) => string,
    signal: AbortSignal,
    reading = new DetailsReading(connection.resources, signal),
  ) {
    this.#entries = entries;
    this.#reading = reading;
    this.#words = words;
    this.details = entries.map(({ details }) => (isObject(details) ? { ...details } : undefined));
    const { id = entries[0]?.task.taskId ?? "", count = 0, ...totals } = (abiquo.group ?? {}) as Partial<Group>;
    this.group = { ...totals, id, count: Math.max(count, entries.length) };
  }

  /**
   * Adds a part to what is known of a task.
   *
   * @returns why it cannot be had
   * @throws AbiquoFault ABIQUO_CLOSED when the connection was closed, or the signal came, before that was known
   */
  add(index: number, part: DetailPart): Promise<Fault | undefined> {
    return this.#once(`${index} ${part}`, () => this.#add(index, part));
  }

  /**
   * Adds the parts to all tasks, as far as they can be had, and the totals that go with them.
   *
   * @returns how many could not be had
   * @throws as `add`
   */
  async addToAll(parts: readonly DetailPart[]): Promise<number> {
    let missing = 0;
    await this.#forEach(async (index) => {
      const known = (this.details[index] ??= {});
      known["missing"] ??= [];
      // What was known before may be old; it does not stand in for what cannot be read now.
      for (const part of parts) delete known[part];
      const faults = await Promise.all(parts.map((part) => this.add(index, part)));
      missing += faults.filter((fault) => fault !== undefined).length;
    });
    await Promise.all(totalsOf(parts).map((total) => this.addTotal(total)));
    return missing;
  }

  /** Adds a total of the group. Returns and throws as `add`; GROUP_NOT_WHOLE when the message has not all its tasks. */
  addTotal(total: Total): Promise<Fault | undefined> {
    return this.#once(total, () => this.#addTotal(total));
  }

  async #addTotal(total: Total): Promise<Fault | undefined> {
    const count = this.#entries.length;
    if (this.group.count > count) return new Fault("GROUP_NOT_WHOLE", { count, of: this.group.count });
    const { parts, field }: Summand = TOTALS[total];
    delete this.group[total];
    let fault: Fault | undefined;
    await this.#forEach(async (index) => {
      // Without one of them there is no total: the rest need not be read for it.
      if (fault !== undefined || this.#amount(index, total) !== undefined) return;
      // A list is whole, whoever put it there; an object may lack the one amount.
      const lacking = parts.filter((part) => !Array.isArray(this.details[index]?.[part]));
      const found = await Promise.all(lacking.map((part) => this.add(index, part)));
      fault ??= found.find((one) => one !== undefined);
    });
    let sum = 0;
    for (const index of this.#entries.keys()) {
      const own = this.#amount(index, total);
      if (own === undefined) return fault ?? new Fault("DETAIL_NO_AMOUNT", { field });
      sum += own;
    }
    this.group[total] = sum;
    return undefined;
  }

  #amount(index: number, total: Total): number | undefined {
    return TOTALS[total].of(this.details[index] ?? {});
  }

  async #add(index: number, part: DetailPart): Promise<Fault | undefined> {
    const read = await this.#reading.part(linksOf(this.#entries[index] as TaskEntry), part);
    const known = (this.details[index] ??= {});
    const missing = missingOf(known).filter((entry) => entry.part !== part);
    if ("fault" in read) {
      known["missing"] = [...missing, { part, code: read.fault.code, reason: this.#words(read.fault) }];
      return read.fault;
    }
    const mine = known[part];
    // What a flow has put there is not overruled, but completed.
    known[part] = isObject(mine) && isObject(read.value) ? { ...read.value, ...mine } : (mine ?? read.value);
    known["missing"] = missing;
    return undefined;
  }

  #once(key: string, add: () => Promise<Fault | undefined>): Promise<Fault | undefined> {
    return getOrCreate(this.#asked, key, add);
  }

  async #forEach(work: (index: number) => Promise<void>): Promise<void> {
    await forEachAtOnce(WIDTH, this.#entries.keys(), work);
  }
}

/** Any node may have written them. */
export function linksOf({ links }: TaskEntry): DetailLinks {
  return { self: textOf(links.self), target: textOf(links.target), user: textOf(links.user) };
}

/** The parts that a configuration names. @throws Fault CONFIG_INVALID when it names anything else */
export function detailParts(names: readonly string[], property: string): DetailPart[] {
  const parts = names.filter(isDetailPart);
  if (parts.length < names.length) throw new Fault("CONFIG_INVALID", { property });
  return parts;
}

/** The totals that go with these parts. */
function totalsOf(parts: readonly DetailPart[]): Total[] {
  return TOTAL_NAMES.filter((total) => parts.includes(TOTALS[total].parts[0]));
}

function missingOf(details: Record<string, unknown>): Missing[] {
  return Array.isArray(details["missing"]) ? (details["missing"] as unknown[]).filter((entry): entry is Missing => isObject(entry)) : [];
}

/** The message's namespace with what has become known of its tasks. */
export function withDetails(abiquo: AbiquoMessage, entries: readonly TaskEntry[], known: MessageDetails): AbiquoMessage {
  const completed = entries.map((entry, index) =>
    known.details[index] === undefined ? entry : { ...entry, details: known.details[index] },
  );
  const group = abiquo.group === undefined ? {} : { group: known.group };
  return abiquo.tasks === undefined ? { ...abiquo, ...completed[0], ...group } : { ...abiquo, tasks: completed, ...group };
}
