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
}

interface Active {
  readonly spec: FaultSpec;
  left: number;
  hits: number;
}

export type RequestKind = NonNullable<NonNullable<FaultSpec["match"]>["action"]> | "other";

/** The faults in force, and a random sequence that repeats with the seed. */
export class Faults {
  readonly #active = new Set<Active>();
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  inject(spec: FaultSpec): InjectedFault {
    const active: Active = { spec, left: spec.times ?? Number.POSITIVE_INFINITY, hits: 0 };
    this.#active.add(active);
    const all = this.#active;
    return {
      remove: () => void all.delete(active),
      get hits() {
        return active.hits;
      },
    };
  }

  clear(): void {
    this.#active.clear();
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
