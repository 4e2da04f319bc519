import { type ListedTask, openLedger } from "../../nodes/lib/ledger/index.ts";
import { type NodeRedProcess, type SimulatedAbiquo, startAbiquo, startNodeRed } from "../harness/index.ts";
import { ROOT, SECRET } from "../runtime/under-test.ts";
import { DURABLE, PostgresServer } from "../support/postgres.ts";
import type { Chance } from "./chance.ts";
import { COURSES, type Course, mixedFlows } from "./flows.ts";

export interface SiteOptions {
  /** 1 keeps its store in a file, more share a PostgreSQL */
  readonly instances: number;
  /** folder of node-red; the installed one unless told */
  readonly nodeRed?: string | undefined;
}

/** What is under test: a simulated Abiquo, one Node-RED or several, and their store. */
export class Site {
  readonly abiquo: SimulatedAbiquo;
  readonly postgres: PostgresServer | undefined;
  readonly instances: readonly NodeRedProcess[];
  readonly #storeUrl: string | undefined;
  /** those that a load balancer would send to */
  readonly #up = new Set<NodeRedProcess>();

  private constructor(
    abiquo: SimulatedAbiquo,
    postgres: PostgresServer | undefined,
    storeUrl: string | undefined,
    instances: readonly NodeRedProcess[],
  ) {
    this.abiquo = abiquo;
    this.postgres = postgres;
    this.#storeUrl = storeUrl;
    this.instances = instances;
    for (const instance of instances) this.#up.add(instance);
  }

  static async start({ instances, nodeRed }: SiteOptions): Promise<Site> {
    const abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/", version: "6.1.2" });
    const postgres = instances > 1 ? await PostgresServer.start(DURABLE) : undefined;
    const storeUrl = await postgres?.database();
    const options = {
      flows: flowsOf(abiquo, 0, storeUrl),
      credentials: {
        config: { ...abiquo.credentials.oauth },
        ...(storeUrl === undefined ? {} : { store: { url: storeUrl } }),
        ...Object.fromEntries(COURSES.map((course) => [`hook-${course}`, { secret: SECRET }])),
      },
      palette: ROOT,
      ...(nodeRed === undefined ? {} : { nodeRed }),
    };
    const started: NodeRedProcess[] = [];
    for (let count = 0; count < instances; count++) started.push(await startNodeRed(options));
    return new Site(abiquo, postgres, storeUrl, started);
  }

  /** Where a load balancer sends the next webhook of this course. */
  hookOf(course: Course, chance: Chance): string {
    const some = this.#up.size > 0 ? [...this.#up] : this.instances;
    return `${chance.of(some).nodeUrl}${course}/${SECRET}`;
  }

  /** Ends an instance and starts it again; nothing is sent to it meanwhile where another is up. */
  async restart(instance: NodeRedProcess, signal: NodeJS.Signals): Promise<void> {
    this.#up.delete(instance);
    await instance.kill(signal);
    await instance.start();
    this.#up.add(instance);
  }

  /** Deploys another version of the flows on every instance. */
  async deploy(version: number, type: "full" | "flows" | "nodes"): Promise<void> {
    const flows = flowsOf(this.abiquo, version, this.#storeUrl);
    for (const instance of this.instances) await instance.deploy(flows, type);
  }

  /** What the store has open, of tasks that nobody in the flow will decide as well. */
  async open(): Promise<ListedTask[]> {
    const place =
      this.#storeUrl === undefined
        ? ({ engine: "sqlite", file: `${this.instances[0]?.userDir}/abiquo-workflow.sqlite` } as const)
        : ({ engine: "postgres", url: this.#storeUrl } as const);
    const ledger = await openLedger(place, { readOnly: true });
    try {
      return await ledger.list({ stages: ["received", "held", "asked", "decided", "undeliverable"] });
    } finally {
      await ledger.close();
    }
  }

  async stop(): Promise<void> {
    for (const instance of this.instances) await instance.stop();
    await this.postgres?.stop();
    await this.abiquo.close();
  }
}

function flowsOf(abiquo: SimulatedAbiquo, version: number, storeUrl: string | undefined): object[] {
  return mixedFlows({ apiUrl: abiquo.url, version, engine: storeUrl === undefined ? "sqlite" : "postgres" });
}
