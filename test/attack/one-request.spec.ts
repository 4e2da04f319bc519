import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { eventually, webhook } from "../runtime/under-test.ts";
import { forged, type Reply, Target } from "./target.ts";

const MIA = "mia@example.com";
const MEGABYTE = 1024 * 1024;
/** Abiquo waits ten seconds for a webhook's answer; this is how long it may take while somebody attacks, in ms. */
const WITHIN = 1_000;
const TRIES = 3;
/** How long webhooks are posted beside an attack at least, in ms. */
const SPAN = 2_500;
const EVERY = 20;

describe("one request", function () {
  this.timeout(120_000);
  let target: Target;
  /** token of the page of a group, and of the inbox of its person */
  let page: string;
  let inbox: string;

  before(async () => {
    const hook = (id: string, emit: string, wires: string[][]): object =>
      webhook(`hook-${id}`, { path: `/${id}`, auth: "none", emit, wires });
    const asks = (scope: string): object => ({
      type: "abiquo-approval",
      z: "tab",
      connection: "config",
      scope,
      allowSelfApproval: true,
      levels: [{ name: "Managers", approvers: [MIA], need: "any" }],
    });
    target = await Target.start(() => [
      hook("hook", "task", [[]]),
      hook("group", "group", [["ask-group"]]),
      hook("many", "task", [["ask-many"]]),
      { id: "ask-group", ...asks("group"), wires: [["tell"], [], [], [], []] },
      { id: "ask-many", ...asks("task"), wires: [[], [], [], [], []] },
      {
        id: "tell",
        type: "function",
        z: "tab",
        outputs: 0,
        wires: [],
        func: "node.warn('links ' + JSON.stringify(msg.abiquo.approval.links))",
      },
    ]);
    const tasks = (count: number): string => JSON.stringify(Array.from({ length: count }, () => forged(target.newId)));
    await accepted(target.post("group", tasks(6_000)), 6_000);
    await target.nodeRed.waitForLog(/links \{.*\}/, 60_000);
    const links = JSON.parse(/links (\{.*\})/.exec(target.nodeRed.logs())?.[1] ?? "{}") as { page: string; inbox: string };
    const path = (link: string): string => new URL(link).pathname.replace("/red/", "");
    [page, inbox] = [path(links.page), path(links.inbox)];
    for (let batch = 0; batch < 5; batch++) await accepted(target.post("many", tasks(2_000)), 2_000);
    let waiting = 0;
    for (let tries = 0; waiting < 10_001 && tries < 300; tries++) {
      await pause(200);
      const { body } = await target.get(inbox);
      waiting = Number(/([\d,]+) requests wait/.exec(body)?.[1]?.replaceAll(",", "") ?? 0);
    }
    assert.equal(waiting, 10_001);
  });
  after(() => target.stop());

  async function accepted(answer: Promise<Reply>, count: number): Promise<void> {
    const { status, body } = await answer;
    assert.deepEqual([status, (JSON.parse(body) as { accepted: number }).accepted], [200, count]);
  }

  /** The 99th percentile of how long webhooks wait for their answer meanwhile, in ms. */
  async function percentileDuring(attack: () => Promise<unknown>): Promise<number> {
    const waits: number[] = [];
    const calls: Promise<void>[] = [];
    let isOver = false;
    const begun = performance.now();
    const running = attack().finally(() => (isOver = true));
    while (!isOver || performance.now() - begun < SPAN) {
      const at = performance.now();
      calls.push(
        accepted(target.post("hook", JSON.stringify(forged(target.newId))), 1).then(() => void waits.push(performance.now() - at)),
      );
      await pause(EVERY);
    }
    await Promise.all([running, ...calls]);
    waits.sort((one, other) => one - other);
    return waits[Math.ceil(waits.length * 0.99) - 1] ?? 0;
  }

  /** Passes once it is quick enough: what else the machine does can make it slower, and never quicker. */
  async function beside(attack: () => Promise<unknown>): Promise<void> {
    const told: string[] = [];
    while (told.length < TRIES) {
      const percentile = await percentileDuring(attack);
      // Where others want the same processors, everything takes as many times longer.
      const allowed = WITHIN * Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());
      if (percentile < allowed) return;
      told.push(`${Math.round(percentile)} of ${Math.round(allowed)}`);
    }
    assert.fail(`99 % of the webhooks were answered within so many ms of those that are allowed: ${told.join(", ")}`);
  }

  const statuses = async (replies: Promise<Reply>[]): Promise<number[]> => [
    ...new Set((await Promise.all(replies)).map(({ status }) => status)),
  ];
  const good = JSON.stringify(forged("task-real"));

  for (const [name, body, status] of [
    ["a task and 200,000 empty objects", `[${good}${",{}".repeat(200_000)}]`, 400],
    ["a task and 19,000 empty objects", `[${good}${",{}".repeat(19_000)}]`, 200],
    ["16 MB of empty objects", `[${good}${",{}".repeat(5_300_000)}]`, 400],
    ["16 MB of empty elements", `<tasks>${"<task/>".repeat(2_300_000)}</tasks>`, 400],
    ["16 MB of tags without an end", "<a>".repeat(5_000_000), 400],
    ["a type of 15 MB", JSON.stringify(forged("task-typed", { type: "x".repeat(15_000_000) })), 400],
    [
      "a million different names",
      `[${Array.from({ length: 60 }, (_, part) => `{${Array.from({ length: 19_000 }, (_, index) => `"k${part}x${index}":1`).join()}}`).join()}]`,
      422,
    ],
    ["16 MB of entities", `<tasks>${`<a>${"&amp;".repeat(12_000)}</a>`.repeat(250)}</tasks>`, 422],
  ] as const) {
    it(`keeps no webhook waiting: ${name}`, () => beside(async () => assert.equal((await target.post("hook", body)).status, status)));
  }

  it("keeps no webhook waiting: a decision on all that matches half a million words", () =>
    beside(async () => {
      const { body } = await target.get(inbox);
      const upTo = /name="upTo" value="(\d+)"/.exec(body)?.[1] ?? "";
      assert.equal((await target.form(inbox, { action: "approve", all: "1", upTo, q: "a ".repeat(500_000) })).status, 413);
      assert.equal((await target.form(inbox, { action: "approve", all: "1", upTo, q: "zz ".repeat(80_000) })).status, 200);
    }));

  it("keeps no webhook waiting: ten looks at a page with 6,000 machines", () =>
    beside(async () => assert.deepEqual(await statuses(Array.from({ length: 10 }, () => target.get(page))), [200])));

  it("keeps no webhook waiting: ten looks at an inbox with 10,000 requests", () =>
    beside(async () => assert.deepEqual(await statuses(Array.from({ length: 10 }, () => target.get(inbox))), [200])));

  it("keeps no webhook waiting, and no memory: 400 unfinished forms without a link", () =>
    beside(async () => {
      const before = memory();
      const part = Buffer.alloc(MEGABYTE - 1, "a");
      const forms = Array.from({ length: 400 }, () => target.unfinished("/abiquo/approval/guessed", part, MEGABYTE));
      // A connection that is closed while its sender still sends may take the answer with it.
      for (const answer of await Promise.all(forms.map((each) => each.answer))) assert.match(answer, /^(HTTP\/1\.1 403 Forbidden)?$/);
      await Promise.all(forms.map(({ closed }) => closed));
      const grown = memory() - before;
      assert.ok(grown < 200 * MEGABYTE, `${Math.round(grown / MEGABYTE)} MB more`);
    }));

  /** What the process holds, in bytes. */
  function memory(): number {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${target.nodeRed.pid}/status`, "utf8"))?.[1] ?? 0) * 1_024;
  }

  it("is answered as before after all of that", async () => {
    const id = target.newId;
    await accepted(target.post("hook", JSON.stringify(forged(id))), 1);
    await eventually(() => !/FATAL|heap out of memory/.test(target.nodeRed.logs()));
  });
});
