import { type AbiquoEnterprise, AbiquoFault, type AbiquoTask, apiBase, type Pages, taskFromDto } from "../../../nodes/lib/abiquo/index.ts";
import { Elsewhere } from "../../../nodes/lib/engine/elsewhere.ts";
import type { Observation } from "../../../nodes/lib/engine/observer.ts";
import type { Connection } from "../../../nodes/lib/engine/outbox.ts";
import { Sweeps } from "../../../nodes/lib/engine/sweep/sweeps.ts";
import type { Finding, Found, OpenTask, TaskRecord } from "../../../nodes/lib/ledger/index.ts";
import { keyText } from "../../../nodes/lib/ledger/index.ts";
import { Log, StillClock } from "./support.ts";

const BASE = apiBase("https://cloud.example.com/api");
const PAGE = 2;

export interface CloudTask {
  readonly id: string;
  readonly enterprise: string;
  state: string;
  /** in ms of the clock of Abiquo */
  readonly created: number;
}

const dtoOf = ({ id, enterprise, state, created }: CloudTask): object => {
  const machine = `cloud/virtualdatacenters/1/virtualappliances/2/virtualmachines/${id}`;
  return {
    taskId: id,
    type: "DEPLOY",
    state,
    creationTimestamp: Math.floor(created / 1_000),
    links: [
      { rel: "self", href: `${machine}/tasks/${id}` },
      { rel: "user", href: `admin/enterprises/${enterprise}/users/9` },
    ],
  };
};

/** A scripted Abiquo, and the part of a ledger that sweeps use, on a clock that stands still. */
export class SweepStage {
  readonly clock = new StillClock();
  readonly tasks = new Map<string, CloudTask>();
  enterprises: string[] = ["1", "2", "3"];
  /** what was asked, in order: `enterprises`, `pending 2`, `read t1`, `events 5`, `machine t1` */
  readonly asked = new Log<string>();
  readonly observed: Observation[] = [];
  readonly adopted: string[] = [];
  readonly problems: unknown[] = [];
  readonly settled: string[] = [];
  /** what Abiquo does instead of answering; asked before each request */
  trouble: (request: string) => unknown = () => undefined;
  clockOffset: number | undefined = 0;
  version = "6.1";
  events: { readonly id: string; readonly action: string; readonly by: string; readonly at: number; readonly machine: string }[] = [];
  mostAtOnce = 0;
  #atOnce = 0;
  /** in the ledger */
  readonly known = new Map<string, TaskRecord>();
  sweeps = this.#newSweeps();

  wait(id: string, enterprise = "1", age = 0): CloudTask {
    const task = { id, enterprise, state: "QUEUEING", created: this.clock.now() + (this.clockOffset ?? 0) - age };
    this.tasks.set(id, task);
    return task;
  }

  /** Its webhook has come. */
  receive(id: string, stage: TaskRecord["stage"] = "received"): void {
    const read = taskFromDto(dtoOf(this.tasks.get(id) as CloudTask), BASE);
    const text = (value: unknown): string => JSON.stringify([1, value]);
    this.known.set(id, {
      api: BASE,
      taskId: id,
      connection: "connection",
      source: "hook",
      group: { id, index: 0, count: 1 },
      stage,
      summary: text(read.task),
      links: text(read.links),
      receivedAt: this.clock.now(),
    });
  }

  readonly port = {
    adopt: async (tasks: readonly AbiquoTask[]): Promise<void> => {
      for (const { task } of tasks) {
        // As the ledger's unique key has it.
        if (this.known.has(task.taskId)) continue;
        this.adopted.push(task.taskId);
        this.receive(task.taskId);
      }
    },
    report: (problem: unknown): void => void this.problems.push(problem),
  };

  /** Joins with a node; answers how it leaves. */
  join({ minutes = 5, enterprises = [] as readonly string[], port = this.port } = {}): () => void {
    return this.sweeps.join(this.connection, { enterprises, interval: minutes * 60_000 }, port);
  }

  /** Resolves once so many sweeps are over. */
  async swept(count: number): Promise<void> {
    for (let turn = 0; turn < 5_000; turn++) {
      if (this.observed.filter(({ kind }) => kind === "swept").length >= count) return settle();
      await settle();
      // Each request waits for its slot.
      this.clock.advance(this.step);
    }
    throw new Error(`no ${count} sweeps: ${this.asked.all.join(", ")}`);
  }
  step = 40;

  async #answer<Result>(request: string, signal: AbortSignal | undefined, result: () => Result): Promise<Result> {
    this.asked.add(request);
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce);
    await settle();
    this.#atOnce--;
    if (signal?.aborted === true) throw new AbiquoFault("ABIQUO_CLOSED", {});
    const trouble = this.trouble(request);
    if (trouble !== undefined) throw trouble;
    return result();
  }

  #pages<T>(request: string, all: () => readonly T[]): Pages<T> {
    let start = 0;
    let isOver = false;
    return {
      get isOver() {
        return isOver;
      },
      next: (signal) =>
        this.#answer(`${request}${start === 0 ? "" : ` from ${start}`}`, signal, () => {
          const found = all();
          const page = found.slice(start, start + PAGE);
          start += PAGE;
          isOver = start >= found.length;
          return page;
        }),
    };
  }

  readonly client = this.#newClient();
  readonly connection = { id: "connection", pace: 0, client: this.client } as unknown as Connection;

  #newClient(): object {
    const stage = this;
    return {
      base: BASE,
      get clockOffset() {
        return stage.clockOffset;
      },
      version: (signal?: AbortSignal) => stage.#answer("version", signal, () => stage.version),
      currentUser: (signal?: AbortSignal) => stage.#answer("login", signal, () => ({ nick: "workflow" })),
      enterprisePages: () =>
        stage.#pages<AbiquoEnterprise>("enterprises", () => stage.enterprises.map((id) => ({ id, name: id, workflow: true }))),
      pendingPages: (enterprise: string) =>
        stage.#pages(`pending ${enterprise}`, () =>
          [...stage.tasks.values()]
            .filter((task) => task.enterprise === enterprise && task.state === "QUEUEING")
            .map((task) => taskFromDto(dtoOf(task), BASE)),
        ),
      readTask: (link: string, signal?: AbortSignal) => {
        const id = link.split("/").at(-1) ?? "";
        return stage.#answer(`read ${id}`, signal, () => {
          const task = stage.tasks.get(id);
          if (task === undefined) throw notFound();
          return taskFromDto(dtoOf(task), BASE);
        });
      },
      events: (from: number, signal?: AbortSignal) =>
        stage.#answer("events", signal, () => ({ events: stage.events.filter(({ at }) => at >= from * 1_000) })),
      tasksOf: (machine: string, signal?: AbortSignal) => {
        const id = machine.split("/").at(-1) ?? "";
        return stage.#answer(`machine ${id}`, signal, () => [taskFromDto(dtoOf(stage.tasks.get(id) as CloudTask), BASE)]);
      },
    };
  }

  #newSweeps(): Sweeps {
    const ledger = {
      openTasks: async () => ({ rows: [...this.known.values()].filter(({ stage }) => stage === "received") as OpenTask[] }),
      strangers: async (_api: string, ids: readonly string[]) => ids.filter((id) => !this.known.has(id)),
      tasks: async (keys: readonly { api: string; taskId: string }[]) =>
        new Map(keys.flatMap((key) => (this.known.has(key.taskId) ? [[keyText(key), this.known.get(key.taskId) as TaskRecord]] : []))),
      acquireLease: async () => true,
      releaseLease: async () => undefined,
      settleElsewhere: async (findings: readonly Finding[]) =>
        findings.map(({ taskId, action }): Found | undefined => {
          const task = this.known.get(taskId);
          if (task?.stage !== "received") return undefined;
          const found = action === undefined ? "gone" : "elsewhere";
          this.known.set(taskId, { ...task, stage: found });
          this.settled.push(`${taskId} ${found}`);
          return found;
        }),
    };
    const elsewhere = new Elsewhere(ledger, this.clock, { settled: async () => undefined });
    return new Sweeps({ ledger, elsewhere, clock: this.clock, observer: (observation) => void this.observed.push(observation) });
  }
}

export const forbidden = (): AbiquoFault => new AbiquoFault("ABIQUO_FORBIDDEN", { url: "/" }, { status: 403 });
export const notFound = (): AbiquoFault => new AbiquoFault("ABIQUO_NOT_FOUND", { url: "/" }, { status: 404 });
export const limited = (retryAfterMs?: number): AbiquoFault =>
  new AbiquoFault("ABIQUO_RATE_LIMITED", {}, { status: 429, retriable: true, retryAfterMs });
export const busy = (): AbiquoFault => new AbiquoFault("ABIQUO_FAILED", { status: 503 }, { status: 503, retriable: true });

/** All that can be done without time passing is done. */
export async function settle(): Promise<void> {
  await new Promise((turn) => setImmediate(turn));
}
