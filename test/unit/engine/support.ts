import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AbiquoClient, type ClientSettings, parseWebhookJson } from "../../../nodes/lib/abiquo/index.ts";
import type { Fault } from "../../../nodes/lib/base/fault.ts";
import {
  type Action,
  type AnswerCall,
  type Arrival,
  type Clock,
  type Connection,
  type Decision,
  Engine,
  type FinishedSubmission,
  type Observation,
  SubmissionPort,
  taskReferences,
} from "../../../nodes/lib/engine/index.ts";
import { type Received, type Reply, serve, type TestServer, taskDto } from "../abiquo/support.ts";

export type Answering = (request: Received) => Reply | "reset" | Promise<Reply>;

/** Things in the order in which they happen. */
export class Log<T> {
  readonly all: T[] = [];
  readonly #waiting = new Set<() => void>();

  add(item: T): void {
    this.all.push(item);
    for (const look of [...this.#waiting]) look();
  }

  /** Resolves with all of them once there are so many. */
  async have(count: number): Promise<readonly T[]> {
    if (this.all.length < count) {
      await new Promise<void>((resolve) => {
        const look = (): void => {
          if (this.all.length < count) return;
          this.#waiting.delete(look);
          resolve();
        };
        this.#waiting.add(look);
      });
    }
    return this.all;
  }
}

/** The engine looks every second what the flow has held long enough, and every day what the ledger can shed. */
const EVERY_SECOND = 1_000;
const LATER_THAN_ANY_ANSWER = 5 * 60_000;

/** A clock that stands still until it is told to go on. */
export class StillClock implements Clock {
  readonly start = 1_600_000_000_000;
  readonly #timers = new Set<{ readonly at: number; readonly run: () => void }>();
  /** how long everybody waits that ever waited, but for the engine's own rounds */
  readonly waits = new Log<number>();
  #now = this.start;
  #setBy = 0;

  now(): number {
    return this.#now + this.#setBy;
  }

  monotonic(): number {
    return this.#now - this.start;
  }

  /** As an operator or NTP sets it: no time passes. */
  set(by: number): void {
    this.#setBy += by;
  }

  get sinceStart(): number {
    return this.#now - this.start;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    if (ms !== EVERY_SECOND && ms < LATER_THAN_ANY_ANSWER) this.waits.add(ms);
    return () => void this.#timers.delete(timer);
  }

  /** Lets the time pass, and only then does what was due. */
  oversleep(ms: number, late: number): void {
    this.#now += ms + late;
    this.advance(0);
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.run();
    }
    this.#now = end;
  }
}

/** What left a node, and who awaited it; nobody where an earlier run left it. */
export type Left = FinishedSubmission & { readonly caller: string | undefined };

/** A node that answers tasks. */
export class Port extends SubmissionPort {
  readonly left: Log<Left>;
  readonly notRead: Log<Fault>;
  readonly stops = new Log<{ readonly fault: Fault; readonly caller: string }>();
  readonly halts: Log<Fault>;
  /** how often something was to leave while it was closing */
  readonly refused: Log<void>;
  isClosing = false;

  constructor() {
    const left = new Log<Left>();
    const refused = new Log<void>();
    const unread = new Log<Fault>();
    const halts = new Log<Fault>();
    super({
      canLeave: () => {
        if (this.isClosing) refused.add();
        return !this.isClosing;
      },
      left: (request) => left.add({ ...request, caller: undefined }),
      halted: (fault) => halts.add(fault),
      unread: (fault) => unread.add(fault),
    });
    this.halts = halts;
    this.notRead = unread;
    this.left = left;
    this.refused = refused;
  }

  /** Resolves when the request is on disk; its outcome goes into the logs. */
  async await(caller: string, make: (id: string) => Promise<void>): Promise<void> {
    const made = Promise.withResolvers<void>();
    const awaiting = this.outcome((id) => {
      const making = make(id);
      making.then(made.resolve, made.reject);
      return making;
    });
    awaiting.then(
      (outcome) => {
        if ("stopped" in outcome) this.stops.add({ fault: outcome.stopped, caller });
        else this.left.add({ ...outcome.finished, caller });
      },
      () => undefined,
    );
    return made.promise;
  }

  /** `task outcome`, or `task FAULT`, of what left, in order. */
  async outcomes(count: number): Promise<string[]> {
    const left = await this.left.have(count);
    return left.flatMap(({ results }) =>
      results.map((result) => {
        const id = result.entry?.task.taskId ?? "";
        if (!("fault" in result)) return `${id} ${result.asAsked ? "" : "not "}as asked: ${result.entry.answer?.outcome}`;
        return `${id} ${[result.fault.code, result.fault.params["reason"]].filter(Boolean).join(" ")}`;
      }),
    );
  }
}

export const DECISION: Decision = { action: "continue", by: "Ana", cause: "vote", at: "2027-01-15T08:00:00.000Z" };
export const HOOK = "webhook";
export const NODE = "answers";
const SETTLE = 60_000;

export const ok: Reply = { status: 204 };
export const unknownTask = error(404, "TASK-1");
export const notWaiting = error(409, "TASK-2");
/** Not one that reads are repeated for at once. */
export const failed: Reply = { status: 500, body: "<html></html>" };

export function error(status: number, code: string): Reply {
  const headers = { "Content-Type": "application/vnd.abiquo.errors+json" };
  return { status, headers, body: { collection: [{ code, message: "On purpose" }] } };
}

export const isAnswer = ({ method }: Received): boolean => method === "POST";

export function idIn({ url }: Received): string {
  return /\/tasks\/([^/]+)/.exec(url)?.[1] ?? "";
}

/** What a GET of a task brings. */
export function taskIn(state: string): Answering {
  return (request) => ({ headers: { "Content-Type": "application/json" }, body: taskDto(idIn(request), { state }) });
}

/** An engine over a real ledger, with a real client of a little server that takes Abiquo's part. */
export class Workshop {
  readonly clock = new StillClock();
  /** what came, and when */
  readonly requests = new Log<{ readonly request: Received; readonly at: number }>();
  readonly observed = new Log<Observation>();
  port = new Port();
  /** Whose a task is, and where, in webhooks from now on: all alike unless told. */
  place: (id: string) => { readonly enterprise?: string; readonly datacenter?: string } = () => ({});
  connection!: Connection;
  engine!: Engine;
  readonly #folder = mkdtempSync(join(tmpdir(), "engine-"));
  #server!: TestServer;
  #answering: Answering;
  readonly #steps: Answering[] = [];
  #isOpen = false;

  private constructor(answering: Answering) {
    this.#answering = answering;
  }

  /** @param answering what Abiquo answers by itself */
  static async open({
    pace = 0,
    answering = (request: Received) => (isAnswer(request) ? ok : taskIn("QUEUEING")(request)),
  }: {
    pace?: number;
    answering?: Answering;
  } = {}): Promise<Workshop> {
    const shop = new Workshop(answering);
    shop.#server = await serve((request) => {
      shop.requests.add({ request, at: shop.clock.sinceStart });
      return (shop.#steps.shift() ?? shop.#answering)(request);
    });
    shop.connection = shop.connect(pace);
    await shop.start();
    return shop;
  }

  /** Another connection to the same platform. */
  connect(pace = 0, id = "connection", settings: Partial<ClientSettings> = {}): Connection {
    return { id, pace, client: this.#server.client(settings) };
  }

  /** What Abiquo answers from now on. */
  set answering(answering: Answering) {
    this.#answering = answering;
  }

  /** What Abiquo answers to the next requests, one after the other. */
  next(...steps: (Reply | "reset" | Answering)[]): void {
    this.#steps.push(...steps.map((step): Answering => (typeof step === "function" ? step : () => step as Reply)));
  }

  get client(): AbiquoClient {
    return this.connection.client;
  }

  /** @param withNode whether there is a node that answers; the flows may have been changed meanwhile */
  async start({ withNode = true } = {}): Promise<void> {
    const observer = (observation: Observation): void => this.observed.add(observation);
    const place = { engine: "sqlite" as const, file: join(this.#folder, "ledger.sqlite") };
    this.engine = await Engine.open(place, { settle: SETTLE, clock: this.clock, observer });
    this.#isOpen = true;
    await this.engine.connect(this.connection);
    if (withNode) await this.engine.attach(NODE, this.port);
  }

  /** As the process ends: nothing of what is under way is told to anybody. */
  async stop(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.port.isClosing = true;
    this.engine.detach(NODE, this.port);
    this.engine.disconnect(this.connection);
    await this.engine.close();
  }

  /** Another process on the same ledger, with a node of the same id. */
  async restart(): Promise<void> {
    await this.stop();
    this.port = new Port();
    await this.start();
  }

  /** A webhook with these tasks. */
  async receive(...ids: string[]): Promise<readonly Arrival[]> {
    return (await this.post(ids)).arrivals;
  }

  post(ids: readonly string[], connection = this.connection): ReturnType<Engine["intake"]["receive"]> {
    const dtos = ids.map((id) => {
      const { enterprise = "21", datacenter = "11" } = this.place(id);
      const links = JSON.stringify(taskDto(id)).replaceAll("/enterprises/21/", `/enterprises/${enterprise}/`);
      return JSON.parse(links.replaceAll("/virtualdatacenters/11/", `/virtualdatacenters/${datacenter}/`)) as object;
    });
    return this.engine.intake.receive(HOOK, connection, parseWebhookJson(dtos, connection.client.base));
  }

  /** Answers in one message; the caller is the message too. */
  async answer(action: Action, tasks: unknown, { decision = DECISION, node = NODE, connection = this.connection } = {}): Promise<void> {
    const call: Omit<AnswerCall, "id"> = {
      node,
      connection,
      action,
      references: taskReferences(tasks),
      decision: { ...decision, action },
      text: ({ by, action: made }) => `${made} by ${by}`,
      message: JSON.stringify({ about: tasks }),
    };
    await this.port.await(`caller of ${JSON.stringify(tasks)}`, (id) => this.engine.answer({ ...call, id }));
  }

  /** The answers that Abiquo was sent: `continue t1`. */
  get sent(): string[] {
    return this.requests.all
      .filter(({ request }) => isAnswer(request))
      .map(({ request }) => `${request.url.split("/").at(-1)} ${idIn(request)}`);
  }

  /** Ids of the tasks at this stage. */
  async at(...stages: Parameters<Engine["list"]>[0]["stages"]): Promise<string[]> {
    return (await this.engine.list({ stages })).map(({ key }) => key.taskId);
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#server.close();
    rmSync(this.#folder, { recursive: true });
  }
}
