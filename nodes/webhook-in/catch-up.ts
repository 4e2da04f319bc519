import { Fault } from "../lib/base/fault.ts";
import type { Engine, SweepPort } from "../lib/engine/index.ts";
import type { Configuration } from "../lib/node-red/config.ts";
import type { ConnectionNode } from "../lib/node-red/connection.ts";
import type { Receiver } from "./receiver.ts";
import type { WebhookKit } from "./words.ts";

/** In minutes, where a flow does not say it. */
const DEFAULT_MINUTES = 5;
const MINUTE = 60_000;

export interface CatchUp {
  /** in ms; 0 = off */
  readonly interval: number;
  /** ids; empty = all with workflow on */
  readonly enterprises: readonly string[];
}

/** @throws Fault ENV_UNSET, CONFIG_INVALID */
export function catchUpOf(config: Configuration): CatchUp {
  return { interval: config.number("catchUp", DEFAULT_MINUTES) * MINUTE, enterprises: config.list("enterprises") };
}

/** Sweeps Abiquo for a node until it closes, as soon as its store can be used. */
export async function catchUp(kit: WebhookKit, connection: ConnectionNode, receiver: Receiver, terms: CatchUp): Promise<void> {
  if (terms.interval === 0) return;
  const engine: Engine | undefined = await connection.opened.catch(() => undefined);
  if (engine === undefined || kit.signal.aborted) return;
  const port: SweepPort = {
    adopt: (tasks) => receiver.adopt(engine, tasks),
    report(problem) {
      if (problem === undefined) return kit.show("listening");
      kit.report(problem);
      showProblem(kit, problem);
    },
  };
  kit.onClose(engine.sweeps.join(connection, terms, port));
}

/** In words as short as a status has to be; Catch and the log have the others. */
function showProblem(kit: WebhookKit, problem: unknown): void {
  const code = problem instanceof Fault ? problem.code : "";
  if (code === "SWEEP_NOT_ALLOWED") kit.show("catchUpNotAllowed");
  else if (code === "SWEEP_ENTERPRISES_SKIPPED") kit.show("catchUpPartly");
  else kit.show("catchUpFailed");
}
