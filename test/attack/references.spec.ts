import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { about, posted, ROOT, webhook } from "../runtime/under-test.ts";
import { forged, type Reply, reporter, Target } from "./target.ts";

const SECRET = "ticket-secret-0123456789";
const FOREIGN = "cloud/virtualdatacenters/7/virtualappliances/1/action/reset";

/** Example 07 as it is shipped, with this simulated Abiquo's address. */
function example(url: string): object[] {
  const text = readFileSync(join(ROOT, "examples", "07 Ask a ticket system.json"), "utf8");
  const nodes = JSON.parse(text.replaceAll("https://cloud.example.com/api", url)) as { id: string }[];
  return nodes.map((node) => (node.id === "ex07_fault" ? { ...node, console: true } : node));
}

describe("references to tasks from outside", function () {
  this.timeout(60_000);
  let target: Target;

  before(async () => {
    target = await Target.start(
      (sink, { url }) => [
        ...example(url),
        webhook("hook", { path: "/hook", auth: "none", wires: [["arrived-body"]] }),
        ...posted("say", "go", "{ ...msg.payload }"),
        { id: "go", type: "abiquo-continue", z: "tab", connection: "config", wires: [["answered-body"], ["otherwise-body"]] },
        { id: "done", type: "complete", z: "tab", scope: ["go"], wires: [["completed-body"]] },
        ...["arrived", "answered", "otherwise", "completed"].flatMap((path) => reporter(sink, path)),
      ],
      {
        credentials: ({ credentials: { oauth } }) => ({ ex07_config: { ...oauth }, ex07_hook: { secret: "webhook-secret" } }),
        env: { TICKET_URL: "http://127.0.0.1:9/", TICKET_SECRET: SECRET, PUBLIC_URL: "http://127.0.0.1:9" },
      },
    );
  });
  after(() => target.stop());
  beforeEach(() => {
    target.sink.clear();
    target.abiquo.forget();
    target.abiquo.requests.length = 0;
  });

  const held = (): { taskId: string; self: string } => {
    const [task] = target.abiquo.hold();
    assert.ok(task);
    return {
      taskId: task.taskId,
      self: `cloud/virtualdatacenters/7/virtualappliances/${task.virtualAppliance}/virtualmachines/${task.virtualMachine}/tasks/${task.taskId}`,
    };
  };
  const linksTo = (self: string, change: object = {}): object => ({
    self,
    continue: `${self}/action/continue`,
    cancel: `${self}/action/cancel`,
    target: "",
    user: "",
    ...change,
  });
  const whole = (taskId: string, links: object): object => ({ task: { taskId, type: "DEPLOY", state: "QUEUEING", createdAt: "" }, links });
  const written = (): string[] =>
    target.abiquo.requests.filter(({ method }) => method !== "GET").map(({ method, path }) => `${method} ${path}`);

  describe("by the callback of example 07", () => {
    const call = (body: object, secret = SECRET): Promise<Reply> =>
      target.post("tickets/decided", JSON.stringify(body), { Authorization: `Bearer ${secret}` });

    it("decide nothing without the secret, whatever they name", async () => {
      const { taskId, self } = held();
      for (const key of [taskId, whole(taskId, linksTo(self))]) {
        for (const secret of ["", "undefined", "guessed"])
          assert.equal((await call({ key, approved: true, by: "eve" }, secret)).status, 401);
        assert.equal((await target.post("tickets/decided", JSON.stringify({ key, approved: true }))).status, 401);
      }
      assert.deepEqual(written(), []);
    });

    it("are ids and nothing else", async () => {
      const { taskId, self } = held();
      for (const key of [
        whole("made-up", linksTo(FOREIGN)),
        whole(taskId, linksTo(self, { continue: FOREIGN })),
        [whole(taskId, linksTo(self))],
        { taskId },
        { tasks: [whole(taskId, linksTo(self))] },
        7,
        null,
      ]) {
        assert.equal((await call({ key, approved: true, by: "eve" })).status, 400, JSON.stringify(key));
      }
      assert.equal((await call({ key: taskId, approved: "yes", by: "eve" })).status, 400);
      // An id that nobody has received is one that nobody can answer.
      assert.equal((await call({ key: taskId, approved: true, by: "eve" })).status, 202);
      await target.nodeRed.waitForLog(/TASK_UNKNOWN/);
      assert.deepEqual(written(), []);
    });
  });

  describe("by a message that anybody can write", () => {
    const say = async (abiquo: object): Promise<void> => void (await target.post("say", JSON.stringify({ abiquo })));

    for (const [name, links] of [
      ["lead to another action", (self: string): object => linksTo(self, { continue: FOREIGN })],
      ["lead to something that is no task", (): object => linksTo("admin/enterprises/2")],
      ["lead to another task that is held", (): object => linksTo(held().self)],
      ["lead out of the API", (): object => linksTo("http://192.0.2.1/..;/cloud/tasks/x")],
    ] as const) {
      it(`make no connection call anything by links that ${name}, and are told of`, async () => {
        const { taskId, self } = held();
        await say(whole(taskId, links(self)));
        const [fault] = await target.sink.have("fault");
        assert.match(fault?.body.error?.code ?? "", /^ABIQUO_BAD_(TASK|LINK)$/);
        assert.deepEqual(target.abiquo.requests, []);
        await say(whole("made-up", links(self)));
        await target.sink.have("fault", 2);
        assert.deepEqual(target.abiquo.requests, []);
      });
    }

    it("are not made known under wrong links: the webhook that comes later is news, and its links are used", async () => {
      const { taskId, self } = held();
      await say(whole(taskId, linksTo(self.replace(/virtualmachines\/\d+/, "virtualmachines/999"))));
      await target.sink.have("otherwise", 1, about(taskId));
      await target.sink.have("completed");
      const dto = forged(taskId, {
        links: Object.entries(linksTo(self))
          .filter(([, href]) => href !== "")
          .map(([rel, href]) => ({ rel, href })),
      });
      const { status, body } = await target.post("hook", JSON.stringify(dto));
      assert.deepEqual([status, body], [200, '{"accepted":1,"known":0}']);
      await target.sink.have("arrived", 1, about(taskId));
      await say(whole(taskId, linksTo(FOREIGN)));
      await target.sink.have("answered", 1, about(taskId));
      assert.deepEqual(
        target.abiquo.answers.map((answer) => [answer.taskId, answer.action, answer.applied]),
        [[taskId, "continue", true]],
      );
      assert.ok(written().every((line) => line.endsWith(`/tasks/${taskId}/action/continue`)));
    });

    it("end even when they lack the links that they would be answered by", async () => {
      const { taskId, self } = held();
      await say(whole(taskId, { self }));
      await target.sink.have("answered", 1, about(taskId));
      await say(whole("nowhere", {}));
      await target.sink.have("fault");
    });
  });
});
