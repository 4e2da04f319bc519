import assert from "node:assert/strict";
import { type NodeRedProcess, type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { about, catcher, credentials, eventually, type Report, reporter, Sink, startUnderTest, VERSIONS } from "./under-test.ts";

/** In minutes: a third of a second. */
const OFTEN = 0.005;
const OLD_MS = 130_000;
/** Whose tasks go to people; all others stay in the flow. */
const ASKED_FOR = { user: "workflow", enterprise: "1" };

describe("catching up", function () {
  this.timeout(120_000);
  let abiquo: SimulatedAbiquo;
  let sink: Sink;
  let nodeRed: NodeRedProcess;

  before(async () => {
    abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/" });
    sink = await Sink.start();
    const hook = (id: string, enterprises: string, wires: string[][]): object => ({
      id,
      type: "abiquo-webhook-in",
      z: "tab",
      connection: "config",
      path: `/${id}`,
      auth: "none",
      catchUp: OFTEN,
      enterprises,
      wires,
    });
    nodeRed = await startUnderTest(VERSIONS[0].nodeRed, abiquo, sink, {
      flows: [
        { id: "tab", type: "tab", label: "Under test" },
        { id: "config", type: "abiquo-config", url: abiquo.url, auth: "oauth1", timeout: 5, publicUrl: "https://approvals.example.com" },
        hook("hook", "2", [["arrived-body", "wait"]]),
        hook("people", ASKED_FOR.enterprise, [["approval"]]),
        { id: "wait", type: "delay", z: "tab", pauseType: "delay", timeout: "1", timeoutUnits: "hours", wires: [[]] },
        {
          id: "approval",
          type: "abiquo-approval",
          z: "tab",
          connection: "config",
          key: "managers",
          levels: [{ name: "Managers", approvers: ["mia@example.com"], need: "any" }],
          wires: [["notify-body"], [], [], ["withdrawn-body"], []],
        },
        ...["arrived", "notify", "withdrawn"].flatMap((path) => reporter(sink, path)),
        ...catcher(sink),
      ],
      credentials: credentials(abiquo),
    });
  });

  after(async () => {
    await nodeRed.stop();
    await abiquo.close();
    await sink.close();
  });

  /** A task whose webhook was lost some time ago. */
  async function lost(user = "ana"): Promise<string> {
    abiquo.inject({ match: { action: "webhook" }, dropWebhook: true, times: 1 });
    abiquo.moveClock(-OLD_MS);
    const { tasks, webhook } = await abiquo.submit({ user });
    abiquo.moveClock(OLD_MS);
    assert.deepEqual(webhook, { lost: true });
    return tasks[0]?.taskId ?? "";
  }

  const marks = ({ body: { abiquo: own } }: Report): unknown[] => {
    const { adopted, redelivered } = own as { adopted?: boolean; redelivered?: boolean };
    return [adopted, redelivered];
  };
  const kindOf = ({ body }: Report): string => (body.abiquo as unknown as { approval: { kind: string } }).approval.kind;
  /** As a person does on the simulator's own page. */
  async function decideInAbiquo(taskId: string, action: "continue" | "cancel"): Promise<void> {
    const { status } = await fetch(`${abiquo.pageUrl}simulator/decide`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ taskId, action }),
    });
    assert.equal(status, 200);
  }

  it("gives the flow a task whose webhook was lost, and says so again after kill -9", async () => {
    const id = await lost();
    const [first] = await sink.have("arrived", 1, about(id));
    assert.deepEqual(marks(first as Report), [true, undefined]);
    await nodeRed.kill("SIGKILL");
    await nodeRed.start();
    const both = await sink.have("arrived", 2, about(id));
    assert.deepEqual(marks(both[1] as Report), [true, true]);
    assert.equal(abiquo.answers.length, 0);
  });

  for (const when of ["while it runs", "while it does not run"] as const) {
    it(`withdraws the approval of a task that is decided in Abiquo ${when}, and tells its people`, async () => {
      sink.clear();
      const id = await lost(ASKED_FOR.user);
      await sink.have("notify", 1, (report) => kindOf(report) === "asked");
      if (when === "while it does not run") await nodeRed.kill("SIGKILL");
      await decideInAbiquo(id, "cancel");
      if (when === "while it does not run") await nodeRed.start();
      const [left] = await sink.have("withdrawn", 1, about(id));
      const { decision, answer } = left?.body.abiquo ?? {};
      assert.deepEqual([decision?.action, decision?.by, answer?.outcome], ["cancel", "Abiquo", "already-cancelled"]);
      await sink.have("notify", 1, (report) => kindOf(report) === "withdrawn");
      await eventually(() => sink.of("withdrawn").length === 1);
      assert.deepEqual([abiquo.answers, sink.of("fault")], [[], []]);
    });
  }
});
