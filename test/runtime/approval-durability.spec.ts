import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { type NodeRedProcess, type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import {
  answering,
  catcher,
  credentials,
  eventually,
  posted,
  type Report,
  reporter,
  Sink,
  startUnderTest,
  VERSIONS,
  webhook,
  webhooksAllTheTime,
} from "./under-test.ts";

/** Of the deadlines that must not pass before the process is down, or the node gone, however busy the machine is; in ms. */
const SOON = 6_000;
const MIA = "mia@example.com";

interface Asked {
  readonly kind: string;
  readonly id: string;
  readonly notification: string;
}

function waitingFlows(
  sink: Sink,
  abiquo: SimulatedAbiquo,
  levels: object[],
  changes: { approval?: object; hook?: object; extra?: object[] } = {},
): object[] {
  const node = (id: string, type: string, properties: object): object => ({ id, type, z: "tab", ...properties });
  return [
    { id: "tab", type: "tab", label: "Under test" },
    {
      id: "config",
      type: "abiquo-config",
      name: "Abiquo",
      url: abiquo.url,
      auth: "oauth1",
      timeout: 5,
      publicUrl: "https://approvals.example.com",
    },
    webhook("hook", { path: "/hook", auth: "secret", emit: "task", wires: [["approval"]], ...changes.hook }),
    node("approval", "abiquo-approval", {
      key: "managers",
      connection: "config",
      levels,
      wires: [["notify-body"], ["approved-body", "go"], ["rejected-body", "stop"], ["withdrawn-body"], ["vote-body"]],
      ...changes.approval,
    }),
    node("go", "abiquo-continue", { connection: "config", wires: [["answered-body"], ["otherwise-body"]] }),
    node("stop", "abiquo-cancel", { connection: "config", wires: [["answered-body"], ["otherwise-body"]] }),
    ...posted("say", "approval"),
    ...["notify", "approved", "rejected", "withdrawn", "vote"].flatMap((path) => reporter(sink, path)),
    ...answering(sink),
    ...catcher(sink),
    ...(changes.extra ?? []),
  ];
}

const level = (more: object = {}): object[] => [{ name: "Managers", approvers: [MIA], need: "any", ...more }];

for (const version of VERSIONS) {
  describe(`approvals that wait, on ${version.name}`, function () {
    this.timeout(240_000);
    /** So many requests wait while the process is killed or the flow deployed. What many need does not differ by version. */
    const MANY = version.name === "Node-RED 5" ? 1_000 : 200;
    let abiquo: SimulatedAbiquo;
    let sink: Sink;
    let nodeRed: NodeRedProcess;

    beforeEach(async () => {
      abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/" });
      sink = await Sink.start();
    });

    afterEach(async () => {
      await nodeRed.stop();
      await abiquo.close();
      await sink.close();
    });

    async function start(levels: object[] = level(), changes: Parameters<typeof waitingFlows>[3] = {}): Promise<void> {
      nodeRed = await startUnderTest(version.nodeRed, abiquo, sink, {
        flows: waitingFlows(sink, abiquo, levels, changes),
        credentials: credentials(abiquo),
      });
    }

    async function submit(count: number): Promise<string[]> {
      const { tasks, webhook } = await abiquo.submit({ type: "DEPLOY", count });
      assert.ok("status" in webhook && webhook.status === 200, JSON.stringify(webhook));
      return tasks.map(({ taskId }) => taskId);
    }

    const approvalOf = ({ body }: Report): Asked => (body.abiquo as unknown as { approval: Asked }).approval;
    const isOf =
      (kind: string) =>
      (report: Report): boolean =>
        approvalOf(report).kind === kind;
    const notificationsOf = (kind: string): string[] =>
      sink
        .of("notify")
        .filter(isOf(kind))
        .map((report) => approvalOf(report).notification);
    const requestsAsked = (): string[] => [
      ...new Set(
        sink
          .of("notify")
          .filter(isOf("asked"))
          .map((report) => approvalOf(report).id),
      ),
    ];
    const taskOf = (report: Report): string => report.body.abiquo?.task?.taskId ?? "";

    async function vote(id: string, action: "approve" | "reject"): Promise<void> {
      const body = JSON.stringify({ vote: { id, action, by: MIA } });
      await nodeRed.request("/say", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    }

    async function killAndStart(): Promise<void> {
      await nodeRed.kill("SIGKILL");
      await nodeRed.start();
    }

    /** Each request still waits and can be decided, and each once. */
    async function decideAll(ids: readonly string[]): Promise<void> {
      const requests = requestsAsked();
      assert.equal(requests.length, ids.length);
      for (let from = 0; from < requests.length; from += 50) {
        await Promise.all(requests.slice(from, from + 50).map((id, index) => vote(id, index % 2 === 0 ? "approve" : "reject")));
      }
      await sink.have("answered", ids.length, () => true, 120_000);
      for (const id of ids) {
        const answers = abiquo.answers.filter(({ taskId }) => taskId === id);
        assert.equal(new Set(answers.map(({ action }) => action)).size, 1);
        assert.equal(answers.filter(({ applied }) => applied).length, 1);
      }
    }

    it(`survive a kill with ${MANY} waiting: nobody is told twice but for the one in flight, and each can be decided`, async () => {
      await start();
      const ids = await submit(MANY);
      // In the middle of telling.
      await sink.have("notify", MANY / 4, isOf("asked"), 120_000);
      await killAndStart();
      await eventually(() => new Set(notificationsOf("asked")).size === MANY, 120_000);
      const told = notificationsOf("asked");
      assert.ok(told.length - new Set(told).size <= 1, `${told.length - new Set(told).size} told twice`);
      await decideAll(ids);
    });

    it("lose nothing of what a slow channel has in hand at a kill, and repeat that one only", async () => {
      const func = "setTimeout(() => { node.send(msg); node.done(); }, 40);";
      const slow = { id: "slow", type: "function", z: "tab", func, outputs: 1, wires: [["notify-body"]] };
      await start(level(), { approval: { wires: [["slow"], [], [], [], []] }, extra: [slow] });
      const ids = await submit(60);
      for (const kills of [1, 2, 3]) {
        await sink.have("notify", kills * 10, isOf("asked"));
        await killAndStart();
      }
      await eventually(() => new Set(notificationsOf("asked")).size === ids.length, 60_000);
      const told = notificationsOf("asked");
      assert.ok(told.length - ids.length <= 3, `${told.length - ids.length} told twice at 3 kills`);
    });

    it("fire each deadline that passed while the process was down once, and let the others wait", async () => {
      await start(level({ approversType: "json", deadline: SOON / 60_000, onDeadline: "reject" }));
      const soon = await submit(20);
      await sink.have("notify", soon.length, isOf("asked"));
      await nodeRed.kill("SIGKILL");
      await pause(SOON + 200);
      await nodeRed.start();
      await sink.have("rejected", soon.length);
      await sink.have("answered", soon.length);
      assert.deepEqual(new Set(sink.of("rejected").map(taskOf)), new Set(soon));
      assert.equal(sink.of("rejected").length, soon.length);
      for (const id of soon) assert.equal(abiquo.task(id)?.state, "CANCELLED");
      const [decision] = sink.of("rejected").map(({ body }) => body.abiquo?.decision as unknown as { cause: string });
      assert.equal(decision?.cause, "deadline");
    });

    it("let the outcome leave after a kill that came right after the vote", async () => {
      await start();
      const [id = ""] = await submit(1);
      await sink.have("notify", 1, isOf("asked"));
      const hang = abiquo.inject({ match: { action: "continue" }, hang: true, effect: "before" });
      await vote(requestsAsked()[0] ?? "", "approve");
      await sink.have("approved");
      await nodeRed.kill("SIGKILL");
      hang.remove();
      sink.clear();
      await nodeRed.start();
      await sink.have("answered");
      assert.equal(abiquo.task(id)?.state, "PENDING");
      assert.deepEqual(new Set(abiquo.answers.filter(({ taskId }) => taskId === id).map(({ action }) => action)), new Set(["continue"]));
    });

    for (const kind of ["full", "flows", "nodes"] as const) {
      it(`survive a deploy of kind ${kind} with many waiting: nothing is lost or doubled`, async () => {
        await start();
        const before = await submit(MANY / 4);
        // In the middle of telling, with tasks arriving meanwhile.
        await sink.have("notify", MANY / 20, isOf("asked"), 60_000);
        const load = webhooksAllTheTime(abiquo, 2);
        await eventually(() => load.taken.length > 5);
        await nodeRed.deploy(
          waitingFlows(sink, abiquo, level(), { approval: { name: `after ${kind}` }, hook: { name: `after ${kind}` } }),
          kind,
        );
        const during = load.taken.length;
        await eventually(() => load.taken.length > during + 5);
        await load.end();
        const ids = [...before, ...load.taken];
        await eventually(() => requestsAsked().length >= ids.length, 60_000);
        const told = notificationsOf("asked");
        assert.ok(told.length - new Set(told).size <= 1, `${told.length - new Set(told).size} told twice`);
        await decideAll(ids);
        assert.equal(requestsAsked().length, ids.length);
      });
    }

    it("keep the requests of a deleted node, do nothing by themselves, and go on with a node of the same key", async () => {
      await start(level({ deadline: SOON / 60_000, onDeadline: "reject" }));
      const [id = ""] = await submit(1);
      await sink.have("notify", 1, isOf("asked"));
      const all = waitingFlows(sink, abiquo, level({ deadline: SOON / 60_000, onDeadline: "reject" }));
      const without = all.filter((node) => (node as { id: string }).id !== "approval");
      await nodeRed.deploy(without, "full");
      await pause(SOON + 200);
      assert.equal(abiquo.task(id)?.state, "QUEUEING");
      const renamed = all.map((node) => {
        const own = node as { id: string; wires?: string[][] };
        const wires = own.wires?.map((wire) => wire.map((to) => (to === "approval" ? "another" : to)));
        return { ...own, ...(wires === undefined ? {} : { wires }), id: own.id === "approval" ? "another" : own.id };
      });
      await nodeRed.deploy(renamed, "full");
      await sink.have("rejected");
      await sink.have("answered");
      assert.equal(abiquo.task(id)?.state, "CANCELLED");
    });
  });
}
