// Requests that wait, beside none: how long Node-RED takes to start, its memory, an inbox, and one more request.
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { newApprovalId, nextWake, openApproval, parsePolicy, resolvePolicy, waitingFor } from "../../nodes/lib/approval/index.ts";
import { systemClock } from "../../nodes/lib/base/clock.ts";
import { ApprovalLinks } from "../../nodes/lib/engine/approvals/links.ts";
import { type Ledger, type NewTask, openLedger } from "../../nodes/lib/ledger/index.ts";
import { type NodeRedProcess, type SimulatedAbiquo, startAbiquo, startNodeRed } from "../harness/index.ts";
import { peakMemory } from "./load.ts";

const SIZES = [20_000, 100_000];
const BUSY = { email: "busy@example.com", rows: 10_000 };
const OTHERS = 100;
const REQUESTS = 300;
const LOOKS = 200;
const AT_ONCE = 1_000;
const DAY = 24 * 60 * 60_000;
const KEY = "bench";

const ROOT = dirname(dirname(import.meta.dirname));

/** Prints a row for each number of waiting requests. */
export async function benchApprovals(): Promise<void> {
  const table: Record<string, object> = {};
  for (const size of SIZES) {
    await using empty = await Waiting.start(0);
    await using full = await Waiting.start(size);
    const inbox = await full.looks();
    const [before, after] = await oneMore(empty, full);
    table[`${size.toLocaleString("en")} waiting`] = {
      "start s": seconds(full.startMs),
      "start empty s": seconds(empty.startMs),
      "peak MB": Math.round(peakMemory(full.nodeRed.pid)),
      "empty MB": Math.round(peakMemory(empty.nodeRed.pid)),
      "inbox p95 ms": Number(at(inbox, 0.95).toFixed(1)),
      "one more ms": Number(at(after, 0.5).toFixed(2)),
      "empty ms": Number(at(before, 0.5).toFixed(2)),
      "one more : empty": Number((at(after, 0.5) / at(before, 0.5)).toFixed(2)),
    };
  }
  console.table(table);
  console.log(
    `an inbox of ${BUSY.rows} requests, ${LOOKS} times; one more request from webhook to notification, medians of ${REQUESTS} (aim: at most 1.2 x)`,
  );
}

/** Asks the same of both in turns, since machines are noisy. Answers how long each took, in ms. */
async function oneMore(empty: Waiting, full: Waiting): Promise<[number[], number[]]> {
  const taken: [number[], number[]] = [[], []];
  for (let round = -30; round < REQUESTS; round++) {
    for (const [index, site] of [empty, full].entries()) {
      const ms = await site.ask();
      // The first ones only warm up.
      if (round >= 0) taken[index]?.push(ms);
    }
  }
  return taken;
}

/** A Node-RED with an approval, in whose ledger requests wait. */
class Waiting implements AsyncDisposable {
  readonly nodeRed: NodeRedProcess;
  /** from the start of the process to the first inbox, in ms */
  readonly startMs: number;
  readonly #abiquo: SimulatedAbiquo;
  readonly #inbox: string;
  readonly #folder: string;
  readonly #told: Told;

  private constructor(parts: {
    nodeRed: NodeRedProcess;
    startMs: number;
    abiquo: SimulatedAbiquo;
    inbox: string;
    folder: string;
    told: Told;
  }) {
    this.nodeRed = parts.nodeRed;
    this.startMs = parts.startMs;
    this.#abiquo = parts.abiquo;
    this.#inbox = parts.inbox;
    this.#folder = parts.folder;
    this.#told = parts.told;
  }

  static async start(size: number): Promise<Waiting> {
    const folder = mkdtempSync(join(tmpdir(), "waiting-"));
    const abiquo = await startAbiquo({ webhook: "http://127.0.0.1/", version: "6.1.2" });
    const told = await Told.start();
    const token = await fill(join(folder, "abiquo-workflow.sqlite"), abiquo.url, size);
    const start = performance.now();
    const nodeRed = await startNodeRed({
      flows: flows(abiquo.url, told.url),
      credentials: { config: { ...abiquo.credentials.oauth } },
      palette: ROOT,
      userDir: folder,
      startTimeoutMs: 120_000,
    });
    const inbox = `${nodeRed.nodeUrl}abiquo/inbox/${token}`;
    await look(inbox);
    const startMs = performance.now() - start;
    abiquo.setEndpoint(`${nodeRed.nodeUrl}hook`);
    return new Waiting({ nodeRed, startMs, abiquo, inbox, folder, told });
  }

  /** How long the inbox of the busiest person takes, each time, in ms. */
  async looks(): Promise<number[]> {
    const taken: number[] = [];
    for (let round = -20; round < LOOKS; round++) {
      const ms = await timed(() => look(this.#inbox));
      if (round >= 0) taken.push(ms);
    }
    return taken;
  }

  /** From the POST of a webhook to the notification, in ms. */
  async ask(): Promise<number> {
    const tasks = this.#abiquo.hold({ type: "DEPLOY", count: 1 });
    return timed(async () => {
      const told = this.#told.next();
      await this.#abiquo.post(tasks);
      await told;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.nodeRed.stop();
    await this.#abiquo.close();
    await this.#told.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Where notifications go. */
class Told {
  readonly #server = createServer((request, response) => {
    request.resume().on("end", () => {
      response.end("{}");
      this.#heard?.();
    });
  });
  #heard: (() => void) | undefined;

  static async start(): Promise<Told> {
    const told = new Told();
    await once(told.#server.listen(0, "127.0.0.1"), "listening");
    return told;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#heard = resolve;
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}

function flows(api: string, told: string): object[] {
  const place = { z: "tab", x: 100, y: 100 };
  const send = `return { url: ${JSON.stringify(told)}, method: "POST", payload: msg.topic };`;
  return [
    { id: "tab", type: "tab", label: "Waiting" },
    {
      id: "config",
      type: "abiquo-config",
      url: api,
      apiVersion: "6.1",
      auth: "oauth1",
      timeout: 30,
      publicUrl: "https://approvals.example.com",
    },
    {
      id: "hook",
      type: "abiquo-webhook-in",
      ...place,
      connection: "config",
      path: "/hook",
      auth: "none",
      emit: "task",
      maxBody: 16,
      catchUp: 0,
      wires: [["ask"]],
    },
    {
      id: "ask",
      type: "abiquo-approval",
      ...place,
      connection: "config",
      key: KEY,
      levels: levelsFor("new@example.com"),
      wires: [["say"], [], [], [], []],
    },
    { id: "say", type: "function", ...place, func: send, outputs: 1, wires: [["send"]] },
    { id: "send", type: "http request", ...place, method: "use", ret: "txt", persist: true, wires: [[]] },
  ];
}

const levelsFor = (email: string): object[] => [
  { name: "Managers", approvers: [email], need: "any", deadline: 7 * 24 * 60, onDeadline: "reject" },
];

/** Writes the requests as an earlier run left them. Answers the token of the busiest person's inbox. */
async function fill(file: string, api: string, size: number): Promise<string> {
  const ledger = await openLedger({ engine: "sqlite", file });
  try {
    for (let start = 0; start < size; start += AT_ONCE) {
      const indexes = Array.from({ length: Math.min(AT_ONCE, size - start) }, (_, index) => start + index);
      await ledger.receive(indexes.map((index) => taskOf(api, index)));
      await Promise.all(indexes.map((index) => request(ledger, api, index)));
    }
    return await new ApprovalLinks(ledger, systemClock).inbox({ person: BUSY.email, expiresAt: Date.now() + DAY });
  } finally {
    await ledger.close();
  }
}

async function request(ledger: Ledger, api: string, index: number): Promise<void> {
  const id = newApprovalId();
  const at = Date.now();
  const email = index < BUSY.rows ? BUSY.email : `person-${index % OTHERS}@example.com`;
  const raw = parsePolicy({ levels: levelsFor(email) });
  const { taskId } = taskOf(api, index);
  const subject = {
    type: "DEPLOY",
    askedAt: at,
    virtualAppliance: `shop-${index}`,
    machines: [{ id: taskId, name: `vm-${index}`, cpu: 2, ramMb: 2_048, diskMb: 10_240 }],
  };
  const kept = {
    policy: raw,
    language: "en-US",
    timeZone: "UTC",
    linkValidity: 7 * DAY,
    publicUrl: "https://approvals.example.com",
    subject,
  };
  await ledger.approvals.open({
    id,
    key: KEY,
    api,
    connection: "config",
    createdAt: at,
    request: JSON.stringify(kept),
    message: "{}",
    type: "DEPLOY",
    search: `deploy shop-${index} vm-${index} ana`,
    tasks: [{ api, taskId }],
  });
  const { approval } = openApproval(resolvePolicy(raw, {}), { id, items: [taskId], requester: "ana@example.com" }, at);
  const notification = `${id}-0-1-asked`;
  await ledger.approvals.change({
    id,
    version: 0,
    status: "open",
    state: JSON.stringify({ approval, requester: { email: "ana@example.com", name: "Ana Ruiz" } }),
    nextWake: nextWake(approval),
    waiting: waitingFor(approval).map((person) => person.email),
    notifications: [{ id: notification, person: email, body: JSON.stringify({ kind: "asked", level: 0, person: { email } }) }],
    at,
  });
  await ledger.notifications.sent(notification);
}

function taskOf(api: string, index: number): NewTask {
  const taskId = `waiting-${String(index).padStart(6, "0")}`;
  const target = `${api}/cloud/virtualdatacenters/7/virtualappliances/${index}/virtualmachines/${index}`;
  const self = `${target}/tasks/${taskId}`;
  return {
    api,
    taskId,
    connection: "config",
    source: "webhook",
    group: { id: `group-${index}`, index: 0, count: 1 },
    summary: JSON.stringify({ taskId, type: "DEPLOY", state: "QUEUEING", requester: "Ana Ruiz", createdAt: new Date().toISOString() }),
    links: JSON.stringify({
      self,
      continue: `${self}/action/continue`,
      cancel: `${self}/action/cancel`,
      target,
      user: `${api}/admin/enterprises/2/users/2`,
    }),
    payload: JSON.stringify({ taskId, type: "DEPLOY", state: "QUEUEING" }),
    receivedAt: Date.now(),
  };
}

async function look(inbox: string): Promise<void> {
  const response = await fetch(inbox);
  await response.text();
  if (response.status !== 200) throw new Error(`the inbox was answered with ${response.status}`);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const at = (taken: readonly number[], share: number): number => taken.toSorted((a, b) => a - b)[Math.floor(taken.length * share)] ?? 0;
const seconds = (ms: number): number => Number((ms / 1000).toFixed(2));
