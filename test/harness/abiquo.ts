import { EventEmitter } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { api } from "./api/index.ts";
import { control } from "./control.ts";
import { type FaultSpec, Faults, type InjectedFault, type ListedFault, type RequestKind } from "./faults.ts";
import type { OAuthCredentials, OAuthProblem } from "./oauth.ts";
import type { Language } from "./page-texts.ts";
import { readText } from "./read-text.ts";
import { Recorder } from "./recorder.ts";
import { Registration } from "./registration.ts";
import { SignIn } from "./sign-in.ts";
import { type WebhookForm, type WebhookResult, WebhookSender, webhookBody } from "./webhook.ts";
import { EventLog, type SimEvent } from "./world/events.ts";
import { populate } from "./world/populate.ts";
import type { Privilege } from "./world/privileges.ts";
import {
  type Change,
  complete,
  createTasks,
  makePlace,
  type PowerTask,
  type SimTask,
  type SubmitRequest,
  type TaskState,
  Tasks,
  type TaskType,
  taskOn,
} from "./world/tasks.ts";
import {
  createWorld,
  type User,
  type VirtualMachine,
  WORKFLOW_ENABLED,
  WORKFLOW_ENDPOINT,
  WORKFLOW_USER,
  type World,
} from "./world/world.ts";

export interface AbiquoOptions extends WebhookForm {
  /** 0 = any free port */
  readonly port?: number;
  readonly host?: string;
  /** path of the API; `/api` unless told */
  readonly basePath?: string;
  readonly version?: string;
  /** where held tasks are posted; empty = workflow is off for the platform */
  readonly webhook?: string;
  /** false accepts every request as the workflow user's */
  readonly verifyAuth?: boolean;
  /** keep a log of all requests; off unless told, since it grows: the last hundred are always there as `recent` */
  readonly recordRequests?: boolean;
  /** a file to which each exchange is appended, a JSON line each, without credentials */
  readonly record?: string;
  /** more enterprises with workflow on, each with a user of its own: `tenant-1` and so on */
  readonly tenants?: number;
  /** tasks that wait already, of these tenants in turn, else of Acme; nobody is told of them */
  readonly waiting?: number;
  /** what the workflow user may do; everything unless told */
  readonly privileges?: readonly Privilege[];
  /** makes the random faults repeat */
  readonly seed?: number;
  /** tasks that go on finish by themselves */
  readonly autoAdvance?: boolean;
  /**
   * What becomes of tasks whose webhook nobody takes: they stay held, as the event WKF-01 alone tells, or they fail.
   * Sources differ; `hold` unless told.
   */
  readonly untakenWebhook?: "hold" | "fail";
  /** Abiquo's read timeout for webhooks, in ms; 10,000 unless told */
  readonly webhookTimeoutMs?: number;
  readonly credentials?: Partial<Credentials>;
  /** false leaves every user but the workflow user without a password */
  readonly userPasswords?: boolean;
  /** how long an access token counts that is given out from now on; 12 hours as in Abiquo, 0 for ever */
  readonly accessTokenValidityMs?: number;
  /** of the page; what the browser prefers unless told */
  readonly language?: Language;
}

export interface Credentials {
  readonly oauth: OAuthCredentials;
  readonly basic: { readonly username: string; readonly password: string };
  readonly bearer: string;
}

export interface Answer {
  readonly taskId: string;
  readonly action: "continue" | "cancel";
  readonly text: string;
  readonly contentType: string;
  readonly at: number;
  readonly status: number;
  readonly user: string;
  /** true when it changed the task */
  readonly applied: boolean;
}

export interface RequestLog {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly status: number;
  /** why it was refused, more than the answer says: the privileges of which one was needed, what a signature lacks */
  readonly problem?: string;
  readonly oauth?: OAuthProblem;
}

export type Refusal = Pick<RequestLog, "problem" | "oauth">;

interface Events {
  answer: [Answer];
  task: [SimTask];
  webhook: [{ readonly tasks: readonly SimTask[]; readonly result: WebhookResult }];
  request: [RequestLog];
}

/** Credentials that documents and examples can name. They protect nothing. */
const DEMO_CREDENTIALS: Credentials = {
  oauth: {
    consumerKey: "demo-consumer-key",
    consumerSecret: "demo/consumer+secret=",
    accessToken: "demo-access-token",
    accessTokenSecret: "demo/token+secret=",
  },
  basic: { username: "workflow", password: "demo-password" },
  bearer: "demo-bearer-token",
};

/** How many of the last requests are kept for the page. */
const RECENT = 100;

/** How many answers are kept. */
const ANSWERS_KEPT = 100_000;

/** One Abiquo that only pretends. */
export class SimulatedAbiquo {
  readonly world: World;
  readonly credentials: Credentials;
  readonly options: AbiquoOptions;
  readonly signIn: SignIn;
  readonly registration: Registration;
  /** @internal */
  readonly eventLog = new EventLog();
  readonly answers: Answer[] = [];
  readonly requests: RequestLog[] = [];
  /** the last requests, the newest last @internal */
  recent: readonly RequestLog[] = [];
  /** epoch seconds @internal */
  readonly startedAt = Math.floor(Date.now() / 1_000);
  /** shifts the clock of the server against this machine's, in ms */
  clockSkewMs = 0;
  readonly #tasks = new Tasks();
  readonly #faults: Faults;
  readonly #sender: WebhookSender;
  readonly #events = new EventEmitter<Events>();
  readonly #refusals = new WeakMap<IncomingMessage, Refusal>();
  readonly #recorder: Recorder | undefined;
  readonly #server: Server;
  #url = "";

  /** @internal */
  constructor(options: AbiquoOptions) {
    this.options = options;
    this.credentials = { ...DEMO_CREDENTIALS, ...options.credentials };
    this.world = createWorld(options.webhook ?? "");
    this.signIn = new SignIn(this);
    this.registration = new Registration(this);
    this.#recorder = options.record === undefined ? undefined : new Recorder(options.record);
    if (options.privileges !== undefined) this.#limitWorkflowUser(options.privileges);
    populate(this, options);
    this.#faults = new Faults(options.seed ?? 1);
    this.#sender = new WebhookSender(options.webhookTimeoutMs ?? 10_000);
    this.#events.setMaxListeners(0);
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => {
        // A fault of the simulator's own; without an answer, whoever asked would wait for nothing.
        if (!response.headersSent) response.writeHead(500, { "Content-Type": "text/plain" });
        response.end(error instanceof Error ? error.stack : String(error));
      });
    });
    this.#server.keepAliveTimeout = 60_000;
  }

  /** base URL of the API */
  get url(): string {
    return this.#url + this.basePath;
  }

  get basePath(): string {
    return this.options.basePath ?? "/api";
  }

  /** the small web page */
  get pageUrl(): string {
    return `${this.#url}/`;
  }

  /**
   * Moves the simulated time on, so that tokens expire and lock-outs end at once.
   *
   * @param ms how far; may be negative
   */
  moveClock(ms: number): void {
    this.clockSkewMs += ms;
  }

  get now(): number {
    return Date.now() + this.clockSkewMs;
  }

  /** epoch seconds, as the API tells times */
  get seconds(): number {
    return Math.floor(this.now / 1_000);
  }

  get version(): string {
    return this.options.version ?? "6.1.2";
  }

  get enterprises(): World["enterprises"] {
    return this.world.enterprises;
  }

  get users(): World["users"] {
    return this.world.users;
  }

  async listen(): Promise<this> {
    const { port = 0, host = "127.0.0.1" } = this.options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, resolve);
    });
    this.#url = `http://${host}:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  /** A user asks for something. Resolves after the webhook was answered, failed, or was lost. */
  async submit(request: SubmitRequest = {}): Promise<{ tasks: SimTask[]; webhook: WebhookResult }> {
    const tasks = this.hold(request);
    return { tasks, webhook: await this.#deliver(tasks) };
  }

  /** Somebody acts on these machines by the API: one webhook for all tasks, which follows. */
  act(machines: readonly VirtualMachine[], type: TaskType | PowerTask, user: User, change?: Change): SimTask[] {
    const tasks = machines.map((machine) => taskOn(machine, user, type, this.seconds, change));
    this.#begin(tasks);
    void this.#deliver(tasks);
    return tasks;
  }

  /** Makes held tasks without posting them; they run at once where workflow is off. */
  hold(request: SubmitRequest = {}): SimTask[] {
    const tasks = createTasks(this.world, request, this.seconds);
    this.#begin(tasks);
    return tasks;
  }

  #begin(tasks: readonly SimTask[]): void {
    const enterprise = this.world.enterprises.get(tasks[0]?.enterprise);
    const isPower = tasks[0]?.type.startsWith("POWER_") === true;
    const isHeld = !isPower && this.world.property(WORKFLOW_ENABLED) === "1" && enterprise?.workflow === true;
    for (const task of tasks) {
      if (!isHeld) task.state = "PENDING";
      this.#tasks.add(task);
      this.#events.emit("task", task);
      if (!isHeld) this.#runOn(task);
    }
  }

  /** Posts a webhook for tasks, whether or not it was posted before. */
  async post(tasks: readonly SimTask[], overrides: WebhookForm & { url?: string } = {}): Promise<{ status: number; body: string }> {
    const { body, contentType } = webhookBody(tasks, this.version, { ...this.options, ...overrides });
    const url = overrides.url ?? this.world.property(WORKFLOW_ENDPOINT);
    return this.#sender.send(url, body, contentType);
  }

  task(taskId: string): SimTask | undefined {
    return this.#tasks.get(taskId);
  }

  tasks(filter: { state?: string } = {}): SimTask[] {
    const all = [...this.#tasks.all()];
    return filter.state === undefined ? all : all.filter(({ state }) => state === filter.state);
  }

  /** In the order of their making. */
  tasksOf(machine: VirtualMachine): SimTask[] {
    return this.#tasks.ofMachine(machine.id);
  }

  /** What waits in an enterprise, in the order of its making. */
  heldOf(enterprise: number): SimTask[] {
    return this.#tasks.heldOf(enterprise);
  }

  /** While one of its tasks waits or runs. */
  isLocked(machine: VirtualMachine): boolean {
    return this.#tasks.isLocked(machine.id);
  }

  /** Somebody decides in Abiquo's own user interface. */
  decideElsewhere(taskId: string, action: "continue" | "cancel"): void {
    const task = this.#known(taskId);
    if (task.state !== "QUEUEING") throw new Error(`Task ${taskId} is ${task.state}`);
    this.apply(task, action, "", "somebody in Abiquo");
  }

  /** Lets a running task come one state further. */
  advance(taskId: string): void {
    this.#advance(this.#known(taskId));
  }

  /**
   * Lets a running task fail at one of its jobs.
   *
   * @param job counted from 0
   */
  fail(taskId: string, job = 0): void {
    const task = this.#known(taskId);
    if (task.state !== "PENDING" && task.state !== "STARTED") throw new Error(`Task ${taskId} is ${task.state}`);
    task.failedJob = job;
    this.changeTask(task, "FINISHED_UNSUCCESSFULLY");
  }

  /** Holds a copy of a task of another platform, under the same id, and what it is about where that is not here. */
  adopt(task: SimTask): void {
    makePlace(this.world, task);
    this.#tasks.add({ ...task });
  }

  /** Where held tasks are posted from now on, as the system properties say it too. */
  setEndpoint(url: string): void {
    const property = this.world.properties.find(({ name }) => name === WORKFLOW_ENDPOINT);
    if (property !== undefined) property.value = url;
  }

  /** Drops all tasks, machines and answers, as between two measurements. */
  forget(): void {
    this.#tasks.clear();
    this.world.forgetMachines();
    this.answers.length = 0;
  }

  /** Forgets a task, as the history of a machine does. */
  trim(taskId: string): void {
    const task = this.#tasks.get(taskId);
    if (task !== undefined) this.#tasks.delete(task);
  }

  /** Forgets what Abiquo's daily round forgets: all but the last 20 tasks of each machine. */
  trimHistory(): void {
    this.#tasks.trimHistory();
  }

  inject(fault: FaultSpec): InjectedFault {
    return this.#faults.inject(fault);
  }

  /** Ends one fault, or all; false when there is none of that id. */
  clearFaults(id?: number): boolean {
    return this.#faults.clear(id);
  }

  /** the faults in force */
  faults(): ListedFault[] {
    return this.#faults.list();
  }

  on<K extends keyof Events>(event: K, listener: (...args: Events[K]) => void): () => void {
    this.#events.on(event, listener as never);
    return () => void this.#events.off(event, listener as never);
  }

  /** The first event from now on that the predicate accepts. Rejects after `timeoutMs`. */
  waitFor<K extends keyof Events>(
    event: K,
    accepts: (value: Events[K][0]) => boolean = () => true,
    timeoutMs = 10_000,
  ): Promise<Events[K][0]> {
    return new Promise((resolve, reject) => {
      const stop = this.on(event, ((value: Events[K][0]) => {
        if (!accepts(value)) return;
        stop();
        clearTimeout(timer);
        resolve(value);
      }) as never);
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`No such ${event} within ${timeoutMs} ms`));
      }, timeoutMs);
    });
  }

  /** Changes a held task as an answer does. */
  apply(task: SimTask, action: "continue" | "cancel", text: string, by: string): void {
    if (text !== "") task.text = text;
    task.answeredBy = by;
    this.changeTask(task, action === "continue" ? "PENDING" : "CANCELLED");
    this.#note(task, "TASK", `${task.type}_${action.toUpperCase()}`, by, text);
    this.#runOn(task);
  }

  /** @internal */
  changeTask(task: SimTask, state: TaskState): void {
    this.#tasks.change(task, state, this.seconds);
    this.#events.emit("task", task);
  }

  record(answer: Answer): void {
    if (this.answers.length >= ANSWERS_KEPT) this.answers.splice(0, ANSWERS_KEPT / 2);
    this.answers.push(answer);
    this.#events.emit("answer", answer);
  }

  async close(): Promise<void> {
    this.#sender.close();
    this.#recorder?.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #deliver(tasks: readonly SimTask[]): Promise<WebhookResult> {
    const [first] = tasks;
    if (first?.state !== "QUEUEING") return { skipped: "workflow is off" };
    const url = this.world.property(WORKFLOW_ENDPOINT);
    let result: WebhookResult;
    const fault = this.#faults.strike("webhook", "POST", url);
    if (fault?.dropWebhook) {
      result = { lost: true };
    } else {
      try {
        result = await this.post(tasks);
      } catch (error) {
        result = { error: `WKF-01 ${error instanceof Error ? error.message : String(error)}` };
      }
    }
    this.#noteWebhook(tasks, result);
    this.#events.emit("webhook", { tasks, result });
    return result;
  }

  /** The event of a webhook: one of each machine for one task, one of the appliance for several. */
  #noteWebhook(tasks: readonly SimTask[], result: WebhookResult): void {
    const [first] = tasks;
    if (first === undefined) return;
    const isTaken = "status" in result && result.status >= 200 && result.status < 300;
    const [component, kind] = tasks.length === 1 ? ["VIRTUAL_MACHINE", "SEND"] : ["VIRTUAL_APPLIANCE", "BATCH"];
    const detail = isTaken
      ? undefined
      : "error" in result
        ? result.error
        : `WKF-01 ${"status" in result ? `status ${result.status}` : "lost"}`;
    this.#note(first, component ?? "", `WORKFLOW_${first.type}_${kind}`, first.user.nick, detail);
    if (isTaken || this.options.untakenWebhook !== "fail") return;
    for (const task of tasks) if (task.state === "QUEUEING") this.changeTask(task, "FINISHED_UNSUCCESSFULLY");
  }

  #note(task: SimTask, component: string, action: string, by: string, detail?: string): void {
    const event: Omit<SimEvent, "id"> = {
      at: this.now,
      severity: detail?.startsWith("WKF-") === true ? "ERROR" : "INFO",
      component,
      action: `${component}_${action}`,
      task,
      by,
    };
    this.eventLog.add(detail === undefined || detail === "" ? event : { ...event, detail });
  }

  #runOn(task: SimTask): void {
    if (this.options.autoAdvance !== true || task.state !== "PENDING") return;
    for (const delay of [1_000, 2_500]) {
      setTimeout(() => {
        this.#advance(task);
      }, delay).unref();
    }
  }

  #advance(task: SimTask): void {
    if (task.state === "PENDING") return this.changeTask(task, "STARTED");
    if (task.state !== "STARTED") return;
    const machine = this.world.machines.get(task.virtualMachine);
    if (machine !== undefined) complete(task, machine);
    this.changeTask(task, "FINISHED_SUCCESSFULLY");
  }

  #known(taskId: string): SimTask {
    const task = this.#tasks.get(taskId);
    if (task === undefined) throw new Error(`The simulated Abiquo has no task ${taskId}`);
    return task;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "/";
    if (this.clockSkewMs !== 0) response.setHeader("Date", new Date(this.now).toUTCString());
    if (!path.startsWith(`${this.basePath}/`)) return control(this, request, response);
    response.once("finish", () => this.#log(request, response));
    const fault = this.#faults.strike(kindOf(request.method ?? "GET", path), request.method ?? "GET", path);
    if (fault?.latencyMs !== undefined) await new Promise((resolve) => setTimeout(resolve, fault.latencyMs));
    const body = await readText(request);
    const spoils = fault !== undefined && (fault.status !== undefined || fault.reset === true || fault.hang === true);
    if (spoils && fault.effect !== "after") return spoil(response, fault);
    const reply = api(this, request, path.slice(this.basePath.length), body);
    if (spoils) return spoil(response, fault);
    const { status, headers = {}, body: text = "" } = reply;
    this.#recorder?.write(request, body, reply);
    response.writeHead(status, text === "" ? headers : { ...headers, "Content-Length": Buffer.byteLength(text) });
    response.end(text);
  }

  /** Notes why a request was refused, which its answer tells only in part. @internal */
  noteRefusal(request: IncomingMessage, refusal: Refusal): void {
    this.#refusals.set(request, refusal);
  }

  /** A role of the connector's own, with these privileges and no more. */
  #limitWorkflowUser(privileges: readonly Privilege[]): void {
    const user = this.world.userNamed(WORKFLOW_USER);
    if (user === undefined) return;
    const role = this.world.roles.add({
      id: this.world.nextId(),
      name: "WORKFLOW_CONNECTOR",
      privileges: [...new Set<Privilege>(["AUTHENTICATED", ...privileges])],
      scope: 1,
    });
    user.role = role.id;
  }

  #log(request: IncomingMessage, response: ServerResponse): void {
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, name === "authorization" ? "***" : String(value)]),
    );
    const entry = {
      method: request.method ?? "",
      path: request.url ?? "",
      headers,
      status: response.statusCode,
      ...this.#refusals.get(request),
    };
    this.recent = [...this.recent.slice(-(RECENT - 1)), entry];
    if (this.options.recordRequests === true) this.requests.push(entry);
    this.#events.emit("request", entry);
  }
}

/** Starts a simulated Abiquo. @throws Error with code EADDRINUSE when the port is taken */
export function startAbiquo(options: AbiquoOptions = {}): Promise<SimulatedAbiquo> {
  return new SimulatedAbiquo(options).listen();
}

function kindOf(method: string, path: string): RequestKind {
  if (method === "POST" && path.endsWith("/action/continue")) return "continue";
  if (method === "POST" && path.endsWith("/action/cancel")) return "cancel";
  if (method !== "GET") return "other";
  if (path.includes("/action/pendingtasks")) return "list";
  return /\/tasks\/[^/]+$/.test(path) ? "read" : "other";
}

function spoil(response: ServerResponse, fault: FaultSpec): void {
  if (fault.hang === true) return;
  if (fault.reset === true) return void response.socket?.destroy();
  const text = fault.body ?? "<html><body><h1>Something failed on purpose</h1></body></html>";
  response.writeHead(fault.status ?? 500, {
    "Content-Type": fault.contentType ?? "text/html",
    ...(fault.retryAfter === undefined ? {} : { "Retry-After": fault.retryAfter }),
  });
  response.end(text);
}
