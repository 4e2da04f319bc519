import type { NodeAPI } from "node-red";
import type { FaultParams } from "../base/fault.ts";
import type { Engine, Observation } from "../engine/index.ts";
import { headText } from "../ledger/index.ts";
import { packageVersion } from "./about.ts";
import { faultText, sharedText } from "./text.ts";

/** Set to `json`, each line is a JSON object, for programs that read logs. */
const FORMAT = "ABIQUO_LOG_FORMAT";

type Level = "info" | "warn";

/** One line in Node-RED's log for each thing that an operator looks for later; ids follow a task through all of them. */
export class EngineLog {
  readonly #RED: NodeAPI;
  readonly #store: string;
  readonly #isAlone: boolean;

  /**
   * @param store what the ledger is called: no secret
   * @param isAlone whether it serves one process only
   */
  constructor(RED: NodeAPI, store: string, isAlone: boolean) {
    this.#RED = RED;
    this.#store = store;
    this.#isAlone = isAlone;
  }

  /** The store is open for the first time in this process. */
  async started(engine: Engine, isNew: boolean): Promise<void> {
    const { stages } = await engine.ledger.openCounts({ moments: [], owner: "" });
    const head = headText(await engine.ledger.auditHead());
    const counts = Object.fromEntries(stages.map(({ stage, count }) => [stage, count]));
    const open = stages.reduce((sum, { count }) => sum + count, 0);
    const values = { version: packageVersion(), store: this.#store, open, stages: counts, head, isNew };
    this.#line("info", "started", values, () => {
      const byStage = stages.map(({ stage, count }) => `${stage} ${count}`).join(", ");
      const params = { version: values.version, store: values.store, open: open === 0 ? 0 : `${open} (${byStage})`, head };
      const started = sharedText(this.#RED, "log.started", params);
      // Two of them behind one load balancer ask twice and know no link of each other's, and neither can tell.
      return this.#isAlone ? `${started} ${sharedText(this.#RED, "log.alone")}` : started;
    });
    // An empty store where one was expected is the worst that can be: it must not go unnoticed.
    if (isNew) this.#line("warn", "new-store", { store: this.#store }, () => sharedText(this.#RED, "log.newStore", { store: this.#store }));
  }

  observe(observation: Observation): void {
    switch (observation.kind) {
      case "decided": {
        const { key, action, by, cause, rule = "", connection } = observation;
        const params = { taskId: key.taskId, action, by };
        return this.#line("info", "decided", { ...params, cause, rule: rule === "" ? "-" : rule, connection }, () =>
          sharedText(this.#RED, "log.decided", { ...params, why: rule === "" ? cause : `${cause}: ${rule}` }),
        );
      }
      case "settled": {
        const { key, outcome, attempts, fault, connection } = observation;
        if (outcome !== "refused" || fault === undefined) return;
        const params = { taskId: key.taskId, attempts, reason: faultText(this.#RED, fault.code, fault.params) };
        return this.#line("warn", "refused", { ...params, connection, code: fault.code }, () =>
          sharedText(this.#RED, "log.refused", params),
        );
      }
      case "drift": {
        const { key, drift, connection } = observation;
        const params = { taskId: key.taskId, kind: drift };
        return this.#line("info", "drift", { ...params, connection }, () => sharedText(this.#RED, "log.drift", params));
      }
      case "head": {
        const { head } = observation;
        return this.#line("info", "head", { head }, () => sharedText(this.#RED, "log.head", { head }));
      }
    }
  }

  #line(level: Level, event: string, values: FaultParams | Readonly<Record<string, unknown>>, text: () => string): void {
    this.#RED.log[level](process.env[FORMAT] === "json" ? JSON.stringify({ source: "abiquo", event, ...values }) : `[abiquo] ${text()}`);
  }
}
