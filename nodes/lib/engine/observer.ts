import type { Fault } from "../base/fault.ts";
import type { TaskKey } from "../ledger/index.ts";
import type { Action, Cause, Outcome } from "./message.ts";

/** Whether answers leave over a connection: `half-open` while one attempt tries it, `stopped` until somebody acts. */
export type CircuitState = "closed" | "open" | "half-open" | "stopped";

/** `adopted`: its webhook never came; `elsewhere`: decided in Abiquo by others; `gone`: Abiquo knows it no more. */
export type DriftKind = "adopted" | "elsewhere" | "gone";

/** What has happened at work, each time after it is on disk. `connection` is the id of an abiquo-config. */
export type Observation =
  | {
      readonly kind: "received";
      readonly connection: string;
      /** those that were new */
      readonly taskIds: readonly string[];
      readonly known: number;
      /** how long the commit took, in ms */
      readonly ms: number;
    }
  | {
      readonly kind: "decided";
      readonly connection: string;
      readonly key: TaskKey;
      readonly action: Action;
      readonly by: string;
      readonly cause: Cause;
      readonly rule?: string | undefined;
      /** since the task was received */
      readonly ms: number;
    }
  | { readonly kind: "retry"; readonly connection: string; readonly key: TaskKey; readonly attempts: number; readonly fault: Fault }
  | {
      readonly kind: "settled";
      readonly connection: string;
      readonly key: TaskKey;
      readonly action: Action;
      readonly outcome: Outcome | "refused";
      readonly attempts: number;
      /** why Abiquo refused the answer */
      readonly fault?: Fault | undefined;
      /** since the decision */
      readonly ms: number;
    }
  | { readonly kind: "drift"; readonly connection: string; readonly key: TaskKey; readonly drift: DriftKind }
  | {
      readonly kind: "swept";
      readonly connection: string;
      /** how long it took */
      readonly ms: number;
      /** enterprises that were looked through */
      readonly enterprises: number;
      /** whether it came to its end */
      readonly isComplete: boolean;
    }
  | { readonly kind: "circuit"; readonly connection: string; readonly state: CircuitState }
  /** once a day; number and hash of the audit's newest entry */
  | { readonly kind: "head"; readonly head: string };

/** Who counts and logs. Told at once, on the way of the work: it must be quick, and throw nothing. */
export type Observer = (observation: Observation) => void;

/** For an engine that nobody observes. */
export const UNOBSERVED: Observer = () => undefined;
