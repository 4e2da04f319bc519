/** Something that goes wrong on purpose. */
export interface FaultSpec {
  readonly match?: {
    readonly method?: string;
    readonly path?: string | RegExp;
    readonly action?: "continue" | "cancel" | "read" | "list" | "webhook";
  };
  /** how many requests it strikes; all unless told */
  readonly times?: number;
  /** which share of the requests it strikes, 0 to 1 */
  readonly rate?: number;
  /** whether it strikes before Abiquo acted on the request, or after, when only the answer is spoilt */
  readonly effect?: "before" | "after";
  readonly latencyMs?: number;
  readonly status?: number;
  readonly body?: string;
  readonly contentType?: string;
  readonly retryAfter?: string;
  /** the connection is cut */
  readonly reset?: boolean;
  /** no answer ever comes */
  readonly hang?: boolean;
  /** the webhook is never sent */
  readonly dropWebhook?: boolean;
}

export interface InjectedFault {
  remove(): void;
  readonly hits: number;
  /** by which it is listed */
  readonly id: number;
}

/** A fault in force, as it is listed. */
export interface ListedFault {
  readonly id: number;
  readonly fault: FaultSpec;
  readonly hits: number;
}

interface Active {
  readonly id: number;
  readonly spec: FaultSpec;
  left: number;
  hits: number;
}

export type RequestKind = NonNullable<NonNullable<FaultSpec["match"]>["action"]> | "other";

/** The faults in force, and a random sequence that repeats with the seed. */
export class Faults {
  readonly #active = new Set<Active>();
  #state: number;
  #lastId = 0;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  inject(spec: FaultSpec): InjectedFault {
    const active: Active = { id: ++this.#lastId, spec, left: spec.times ?? Number.POSITIVE_INFINITY, hits: 0 };
    this.#active.add(active);
    const all = this.#active;
    return {
      id: active.id,
      remove: () => void all.delete(active),
      get hits() {
        return active.hits;
      },
    };
  }

  /** Ends one fault, or all; false when there is none of that id. */
  clear(id?: number): boolean {
    if (id === undefined) {
      this.#active.clear();
      return true;
    }
    const found = [...this.#active].find((active) => active.id === id);
    return found !== undefined && this.#active.delete(found);
  }

  list(): ListedFault[] {
    return [...this.#active].map(({ id, spec, hits }) => ({ id, fault: spec, hits }));
  }

  /** The fault that strikes this request, if any. */
  strike(kind: RequestKind, method: string, path: string): FaultSpec | undefined {
    for (const active of this.#active) {
      const { match = {}, rate = 1 } = active.spec;
      if (match.action !== undefined && match.action !== kind) continue;
      if (match.method !== undefined && match.method !== method) continue;
      if (typeof match.path === "string" && !path.includes(match.path)) continue;
      if (match.path instanceof RegExp && !match.path.test(path)) continue;
      if (rate < 1 && this.#random() >= rate) continue;
      active.hits++;
      if (--active.left <= 0) this.#active.delete(active);
      return active.spec;
    }
    return undefined;
  }

  /** mulberry32: small, and the same on every machine. */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }
}

const CHECKS: Record<string, (value: unknown) => boolean> = {
  times: (value) => Number.isInteger(value) && (value as number) > 0,
  rate: (value) => typeof value === "number" && value >= 0 && value <= 1,
  effect: (value) => value === "before" || value === "after",
  latencyMs: (value) => typeof value === "number" && value >= 0,
  status: (value) => Number.isInteger(value) && (value as number) >= 200 && (value as number) <= 599,
  body: (value) => typeof value === "string",
  contentType: (value) => typeof value === "string",
  retryAfter: (value) => typeof value === "string",
  reset: (value) => typeof value === "boolean",
  hang: (value) => typeof value === "boolean",
  dropWebhook: (value) => typeof value === "boolean",
};

const ACTIONS = ["continue", "cancel", "read", "list", "webhook"];

const MATCH_CHECKS: Record<string, (value: unknown) => boolean> = {
  method: (value) => typeof value === "string",
  path: (value) => typeof value === "string",
  action: (value) => ACTIONS.includes(value as string),
};

/** A fault that came as JSON. @throws Error that names what is wrong with it */
export function parseFault(value: Readonly<Record<string, unknown>>): FaultSpec {
  const { match = {}, ...rest } = value;
  if (typeof match !== "object" || match === null) throw new Error("match is no object");
  check(rest, CHECKS, "");
  check(match as Record<string, unknown>, MATCH_CHECKS, "match.");
  if (Object.keys(rest).every((name) => ["times", "rate", "effect"].includes(name))) throw new Error("The fault does nothing");
  return value as FaultSpec;
}

function check(value: Readonly<Record<string, unknown>>, checks: typeof CHECKS, prefix: string): void {
  for (const [name, entry] of Object.entries(value)) {
    if (!Object.hasOwn(checks, name)) throw new Error(`${prefix}${name} is no part of a fault`);
    if (!checks[name]?.(entry)) throw new Error(`${prefix}${name} has a value it cannot have`);
  }
}
