import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type NodeRedProcess, type SimulatedAbiquo, startAbiquo, startNodeRed } from "../harness/index.ts";
import { about, type Report, ROOT, SECRET, Sink, VERSIONS } from "./under-test.ts";

/** What 0.1.0 left behind when it was killed, with the flow that it ran: see `make.ts` beside them. */
const LEFT = join(import.meta.dirname, "..", "fixtures", "0.1.0");
const FLOW = readFileSync(join(LEFT, "flow.json"), "utf8");
const STORE = readFileSync(join(LEFT, "store.sql"), "utf8");
const API = "https://cloud.example.com/api";
const PUBLIC = "https://approvals.example.com/red";

interface Told {
  readonly to: string;
  readonly abiquo: { readonly approval: { readonly id: string; readonly ref?: string; readonly links: { readonly page: string } } };
}

for (const version of VERSIONS) {
  describe(`What 0.1.0 left behind, on ${version.name}`, function () {
    this.timeout(120_000);
    let abiquo: SimulatedAbiquo;
    let sink: Sink;
    let nodeRed: NodeRedProcess;
    let userDir: string;
    /** ids of the tasks in the order in which they were received, as the simulated Abiquo has them now */
    let ids: string[];

    before(async () => {
      abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/" });
      sink = await Sink.start();
      userDir = mkdtempSync(join(tmpdir(), "release-"));
      writeStore(join(userDir, "abiquo-workflow.sqlite"));
      nodeRed = await startNodeRed({
        flows: JSON.parse(FLOW.replaceAll(API, abiquo.url).replaceAll("https://sink.example.com", sink.url)) as object[],
        credentials: { config: { ...abiquo.credentials.oauth }, hook: { secret: SECRET } },
        nodeRed: version.nodeRed,
        palette: ROOT,
        userDir,
        env: { TELL_BEN: "yes" },
      });
    });

    after(async () => {
      await nodeRed?.stop();
      await abiquo.close();
      await sink.close();
      rmSync(userDir, { recursive: true, force: true });
    });

    /** The tasks of the store become tasks that the simulated Abiquo holds. */
    function writeStore(file: string): void {
      const kept = new DatabaseSync(":memory:");
      kept.exec(STORE);
      const tasks = kept.prepare("select task_id, links from task order by id").all() as { task_id: string; links: string }[];
      kept.close();
      let text = STORE.replaceAll(API, abiquo.url);
      ids = tasks.map(({ task_id, links }) => {
        const [task] = abiquo.hold({ type: "DEPLOY" });
        assert.ok(task);
        const self = (JSON.parse(links) as { self: string }).self.replace(API, abiquo.url);
        const { virtualDatacenter, virtualAppliance, virtualMachine } = task;
        const machine = `virtualdatacenters/${virtualDatacenter}/virtualappliances/${virtualAppliance}/virtualmachines/${virtualMachine}`;
        const target = self.slice(0, self.indexOf("/tasks/"));
        text = text.replaceAll(`"${target}`, `"${abiquo.url}/cloud/${machine}`).replaceAll(task_id, task.taskId);
        return task.taskId;
      });
      const made = new DatabaseSync(file);
      made.exec(text);
      made.close();
    }

    const told = (report: Report | undefined): Told => report?.body as unknown as Told;
    const answers = (id = ""): string[] =>
      abiquo.answers.filter(({ taskId, applied }) => taskId === id && applied).map(({ action }) => action);

    it("delivers the decision that was under way, and lets its message leave as it was", async () => {
      const [report] = await sink.have("answered", 1, about(ids[2] ?? ""));
      assert.equal(report?.body["ticket"], "T-1");
      assert.deepEqual(report?.body["payload"], { id: ids[2] });
      assert.deepEqual(Object.keys(report?.body.abiquo ?? {}).sort(), ["answer", "connection", "decision", "links", "redelivered", "task"]);
      assert.deepEqual(answers(ids[2]), ["continue"]);
    });

    it("emits again what the flow may have lost", async () => {
      const [report] = await sink.have("arrived", 1, about(ids[3] ?? ""));
      assert.equal(report?.body.abiquo?.redelivered, true);
    });

    it("lists what Abiquo refused, with the decision, and answers it when it is asked again", async () => {
      await nodeRed.request("/list", { method: "POST" });
      const [report] = await sink.have("listed");
      const [entry] = report?.body.abiquo?.tasks ?? [];
      assert.equal(entry?.task.taskId, ids[1]);
      await say({ id: ids[1] });
      await sink.have("answered", 1, about(ids[1] ?? ""));
      assert.deepEqual(answers(ids[1]), ["continue"]);
    });

    async function say(body: object): Promise<void> {
      await nodeRed.request("/say", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    }

    it("tells who was not told yet, and takes their vote by the link of the mail, beside the vote that was given before", async () => {
      const [{ id: approval = "" } = {}] = approvals();
      await vote(approval, "ben@example.com", "approve");
      const [approved] = await sink.have("approved", 1, about(ids[4] ?? ""));
      assert.equal(approved?.body.abiquo?.decision?.by, "ben@example.com");
      await sink.have("answered", 1, about(ids[4] ?? ""));
      assert.deepEqual(answers(ids[4]), ["continue"]);
    });

    it("keeps the name that a channel gave to a message", async () => {
      const [{ id: approval = "" } = {}] = approvals();
      const [decided] = await sink.have("notify", 1, (report) => isAbout(report, approval, "mia@example.com"));
      assert.equal(told(decided).abiquo.approval.ref, "chat-1");
    });

    it("asks for a vote where nobody had one yet", async () => {
      const { id: approval = "" } = approvals()[1] ?? {};
      await vote(approval, "mia@example.com", "reject");
      await sink.have("rejected", 1, about(ids[5] ?? ""));
      await sink.have("answered", 1, about(ids[5] ?? ""));
      assert.deepEqual(answers(ids[5]), ["cancel"]);
    });

    function isAbout(report: Report, approval: string, to: string): boolean {
      return told(report).to === to && told(report).abiquo.approval.id === approval;
    }

    /** By the page that the mail to this person leads to. */
    async function vote(approval: string, to: string, action: "approve" | "reject"): Promise<void> {
      const [asked] = await sink.have("notify", 1, (report) => isAbout(report, approval, to));
      const page = told(asked).abiquo.approval.links.page.replace(`${PUBLIC}/`, nodeRed.nodeUrl);
      const response = await fetch(page, { method: "POST", body: new URLSearchParams({ action, reason: "So be it" }) });
      assert.equal(response.status, 200);
    }

    it("meets no fault in any node", () => {
      assert.deepEqual(sink.of("fault"), []);
    });

    /** In the order in which they were asked. */
    function approvals(): { id: string }[] {
      const kept = new DatabaseSync(":memory:");
      kept.exec(STORE);
      const found = kept.prepare("select approval as id from approval_task order by task").all() as { id: string }[];
      kept.close();
      return found;
    }
  });
}
