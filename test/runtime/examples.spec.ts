import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launchBrowser } from "../editor/browser.ts";
import { type NodeRedProcess, type SimulatedAbiquo, startAbiquo, startNodeRed } from "../harness/index.ts";
import { ChatPeer, type ChatRequest } from "./chat-peer.ts";
import { type Mail, Mailbox } from "./mailbox.ts";
import { eventually, ROOT, SECRET, VERSIONS } from "./under-test.ts";

interface FlowNode {
  readonly id: string;
  readonly type: string;
  readonly [property: string]: unknown;
}

const OPERATOR_TOKEN = "operator-token-0123456789";
const METRICS_TOKEN = "metrics-token-0123456789";
const TICKET_SECRET = "ticket-secret-0123456789";
const SLACK_SECRET = "slack-signing-secret-0123456789";
const EVENTS_SECRET = `whsec_${Buffer.from("events-secret-0123456789abcdef").toString("base64")}`;
const FOLDER = join(ROOT, "examples");
/** What the README tells an administrator to give the connection's user, and no more. */
const RIGHTS = [
  "WORKFLOW_OVERRIDE",
  "ENTERPRISE_ENUMERATE",
  "USERS_VIEW",
  "VAPP_CUSTOMISE_SETTINGS",
  "VDC_ENUMERATE",
  "SYSCONFIG_VIEW",
  "SYSCONFIG_ALLOW_MODIFY",
  "USERS_MANAGE_ENTERPRISE",
] as const;
const NAMES = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
const EXAMPLES = NAMES.map((name) => JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as FlowNode[]);

/** Rules that hold at any hour of any day, since a test does not choose when it runs. */
function aroundTheClock(id: string): object {
  const node = EXAMPLES.flat().find((one) => one.id === id);
  return {
    rules: JSON.parse(JSON.stringify(node?.["rules"]).replace(/"days":.*?"timeZone"/, '"days":[],"from":"00:00","to":"24:00","timeZone"')),
  };
}

/** The same levels with deadlines that a test can await, at any hour. */
function inSeconds(id: string): object {
  const node = EXAMPLES.flat().find((one) => one.id === id) as { levels?: { deadline: number }[] } | undefined;
  const [lead, ...others] = node?.levels ?? [];
  return { levels: [{ ...lead, deadline: 0.01 }, ...others], calendar: "" };
}

/** What one example needs to be watched, by node. */
const PATCHES: Readonly<Record<string, object>> = {
  ex20_rules: aroundTheClock("ex20_rules"),
  ex20_review: { console: true },
  ex21_review: { console: true },
  ex11_approval: inSeconds("ex11_approval"),
  ex04_config: { publicUrl: "http://127.0.0.1:1880" },
  ex22_fault: { console: true },
  ex09_seen: { console: true },
};

/** What a person does after an import: the address, the credentials, and the peers on this machine. */
function settled(
  nodes: readonly FlowNode[],
  abiquo: SimulatedAbiquo,
  chats: ChatPeer,
): { flows: FlowNode[]; credentials: Record<string, Record<string, string>> } {
  const text = JSON.stringify(nodes)
    .replaceAll("https://cloud.example.com/api", abiquo.url)
    .replaceAll("http://127.0.0.1:8009/api", abiquo.url)
    .replaceAll("http://127.0.0.1:8009/", abiquo.pageUrl)
    .replaceAll("https://slack.com/api/", `${chats.url}/slack/`)
    .replaceAll("https://api.telegram.org/", `${chats.url}/telegram/`);
  // The flow that asks by itself is asked by the test.
  const flows = (JSON.parse(text) as FlowNode[]).map((node) => (node.type === "inject" ? { ...node, once: false, repeat: "" } : node));
  const credentials: Record<string, Record<string, string>> = {};
  for (const { id, type, auth } of flows) {
    if (type === "abiquo-config") credentials[id] = { ...abiquo.credentials.oauth };
    if (type === "abiquo-webhook-in" && auth === "secret") credentials[id] = { secret: SECRET };
  }
  return { flows, credentials };
}

describe("the examples", () => {
  it("are numbered, and no two nodes of all of them have the same id", () => {
    assert.deepEqual(
      NAMES.map((name) => name.slice(0, 2)),
      ["01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15", "20", "21", "22"],
    );
    const ids = EXAMPLES.flat().map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
  });

  it("hold no credentials, explain themselves, and catch faults", () => {
    for (const example of EXAMPLES) {
      assert.ok(example.every((node) => !("credentials" in node)));
      assert.ok(example.some(({ type, info }) => type === "comment" && String(info).length > 100));
      assert.ok(example.some(({ type }) => type === "catch"));
    }
  });
});

for (const version of VERSIONS) {
  describe(`the examples on ${version.name}`, function () {
    this.timeout(60_000);
    let abiquo: SimulatedAbiquo;
    let nodeRed: NodeRedProcess;
    let tickets: Server;
    let mailbox: Mailbox;
    let chats: ChatPeer;
    let files: string;
    const opened: Record<string, unknown>[] = [];

    before(async () => {
      abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/", privileges: RIGHTS });
      tickets = createServer((request, response) => {
        let text = "";
        request.on("data", (part: Buffer) => (text += part.toString("utf8")));
        request.on("end", () => {
          opened.push(JSON.parse(text) as Record<string, unknown>);
          response.writeHead(201, { "Content-Type": "application/json" }).end('{"ticket":1}');
        });
      });
      await new Promise<void>((resolve) => tickets.listen(0, "127.0.0.1", resolve));
      mailbox = await Mailbox.start();
      chats = await ChatPeer.start();
      const { flows, credentials } = settled(EXAMPLES.flat(), abiquo, chats);
      const mailServer = { server: "127.0.0.1", port: String(mailbox.port), secure: false, tls: false };
      for (const example of ["ex10", "ex11", "ex14"]) credentials[`${example}_mail`] = mailbox.account;
      const env = {
        ABIQUO_URL: abiquo.url,
        ABIQUO_TIMEOUT: "5",
        PUBLIC_URL: "https://node-red.example.com/",
        WEBHOOK_PATH: "/abiquo/headless",
        WEBHOOK_ALLOW_FROM: "127.0.0.0/8",
        WEBHOOK_MAX_BODY: "2",
        METRICS_TOKEN,
        APPROVERS: "night@example.com",
        SMTP_SERVER: "127.0.0.1",
        SMTP_PORT: String(mailbox.port),
        SMTP_SECURE: "false",
        SMTP_USER: mailbox.account.userid,
        SMTP_PASSWORD: mailbox.account.password,
        OPERATOR_TOKEN,
        TICKET_URL: `http://127.0.0.1:${(tickets.address() as AddressInfo).port}/tickets`,
        TICKET_SECRET,
        // The names of example 08's own flows_cred.json
        ...Object.fromEntries(
          Object.entries(abiquo.credentials.oauth).map(([name, value]) => [
            `ABIQUO_${name.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase()}`,
            value,
          ]),
        ),
        WEBHOOK_SECRET: SECRET,
        EVENTS_SECRET,
        EVENTS_URL: `${chats.url}/events`,
        SLACK_TOKEN: "xoxb-of-the-bot",
        SLACK_SIGNING_SECRET: SLACK_SECRET,
        TELEGRAM_TOKEN: "1:of-the-bot",
        TELEGRAM_SECRET: SECRET,
      };
      credentials["ex08_config"] = {
        consumerKey: "${ABIQUO_CONSUMER_KEY}",
        consumerSecret: "${ABIQUO_CONSUMER_SECRET}",
        accessToken: "${ABIQUO_ACCESS_TOKEN}",
        accessTokenSecret: "${ABIQUO_ACCESS_TOKEN_SECRET}",
      };
      credentials["ex08_hook"] = { secret: "${WEBHOOK_SECRET}" };
      credentials["ex08_store"] = { metricsToken: "${METRICS_TOKEN}" };
      credentials["ex08_mail"] = { userid: "${SMTP_USER}", password: "${SMTP_PASSWORD}" };
      const patches: Readonly<Record<string, object>> = { ...PATCHES, ex10_mail: mailServer, ex11_mail: mailServer, ex14_mail: mailServer };
      const patched = flows.map((node) => ({ ...node, ...patches[node.id] }));
      files = mkdtempSync(join(tmpdir(), "examples-"));
      copyFileSync(join(FOLDER, "22 abiquo-rules.json.sample"), join(files, "abiquo-rules.json"));
      const settings = { fileWorkingDirectory: files };
      nodeRed = await startNodeRed({ flows: patched, credentials, nodeRed: version.nodeRed, palette: ROOT, userDir: files, env, settings });
    });

    after(async () => {
      await nodeRed.stop();
      await abiquo.close();
      await new Promise((resolve) => tickets.close(resolve));
      await mailbox.close();
      await chats.close();
      rmSync(files, { recursive: true });
    });

    beforeEach(() => {
      abiquo.clearFaults();
      abiquo.forget();
    });

    const hookAt = (path: string): void => abiquo.setEndpoint(`${nodeRed.nodeUrl}${path}`);
    const press = async (id: string): Promise<void> => {
      const { status } = await nodeRed.admin(`inject/${id}`, { method: "POST" });
      assert.equal(status, 200);
    };
    const states = (): string[] => abiquo.tasks().map(({ state }) => state);

    it("are listed for import, and start without an error", async () => {
      const folder = "library/examples/flows/@abiquo-workflow/node-red-abiquo/";
      for (const [index, name] of NAMES.entries()) {
        const listed = await nodeRed.admin(folder + encodeURIComponent(name.replace(".json", "")));
        assert.deepEqual(await listed.json(), EXAMPLES[index], name);
      }
      assert.doesNotMatch(nodeRed.logs(), /\[error\]|missing types|MaxListeners/);
    });

    it("01: a deploy is asked for, held, continued and released", async () => {
      hookAt("abiquo/workflow");
      const answered = abiquo.waitFor("answer");
      await press("ex01_ask");
      assert.equal((await answered).action, "continue");
      assert.deepEqual(states(), ["PENDING"]);
    });

    it("02: everything goes on with a text, and leaves a line in a file", async () => {
      hookAt(`abiquo/continue-everything/${SECRET}`);
      const { tasks } = await abiquo.submit({ count: 3 });
      await eventually(() => states().every((state) => state === "PENDING"));
      assert.equal(abiquo.answers[0]?.text, "Continued by Node-RED for ana");
      const log = join(files, "abiquo-tasks.log");
      await eventually(() => existsSync(log) && tasks.every(({ taskId }) => readFileSync(log, "utf8").includes(taskId)));
    });

    it("03: an undeploy of the tenant is cancelled by its rule, a large group waits", async () => {
      hookAt(`abiquo/rules/${SECRET}`);
      const globex = abiquo.enterprises.find(({ id }) => id === 3);
      assert.ok(globex);
      globex.workflow = true;
      const { tasks: refused } = await abiquo.submit({ type: "UNDEPLOY", user: "dan" });
      await abiquo.submit({ count: 11 });
      await eventually(() => abiquo.task(refused[0]?.taskId ?? "")?.state === "CANCELLED");
      assert.match(abiquo.answers[0]?.text ?? "", /Undeploys of tenant 3/);
      assert.equal(abiquo.tasks({ state: "QUEUEING" }).length, 11);
      globex.workflow = false;
    });

    it("04: the platform and a tenant are read, enabled and disabled; nothing else is touched", async () => {
      const property = (name: string): string | undefined => abiquo.world.properties.find((one) => one.name === name)?.value;
      const acme = abiquo.enterprises.find(({ id }) => id === 2);
      await press("ex04_go5");
      await eventually(() => acme?.workflow === false);
      await press("ex04_go4");
      await eventually(() => acme?.workflow === true);
      await press("ex04_go2");
      await eventually(() => property("client.main.workflowEnabled") === "0");
      await press("ex04_go1");
      await eventually(() => property("client.main.workflowEnabled") === "1");
      assert.equal(property("client.main.workflowEndPoint"), `http://127.0.0.1:1880/abiquo/configured/${SECRET}`);
      assert.equal(property("client.infra.defaultLDAPEnabled"), "0");
      assert.equal(abiquo.world.properties.length, 3);
      abiquo.hold({ count: 2 });
      const counted = abiquo.inject({ match: { action: "list" }, latencyMs: 1 });
      const reads = abiquo.inject({ match: { path: "/admin/enterprises/2" }, latencyMs: 1 });
      await press("ex04_go5");
      await eventually(() => counted.hits > 0);
      // Reading it once more takes its turn behind whatever the refused change might have sent.
      await press("ex04_go3");
      await eventually(() => reads.hits > 0);
      assert.equal(acme?.workflow, true);
    });

    it("05: what the flows hold is continued, and a refused answer is sent again", async () => {
      hookAt(`abiquo/rules/${SECRET}`);
      const { tasks } = await abiquo.submit({ count: 12 });
      const first = tasks[0]?.taskId ?? "";
      abiquo.inject({ match: { action: "continue", path: first }, status: 403, times: 1 });
      await press("ex05_goanswer");
      await eventually(() => states().filter((state) => state === "PENDING").length === 11);
      await eventually(() => {
        void press("ex05_gobad");
        return abiquo.task(first)?.state === "PENDING";
      });
      assert.equal(abiquo.answers.filter(({ applied }) => applied).length, 12);
    });

    it("06: the queued tasks of the user, and of another one, are cancelled", async () => {
      abiquo.hold({ user: "workflow" });
      abiquo.hold({ user: "ana", count: 2 });
      abiquo.hold({ user: "bob" });
      await press("ex06_gome");
      await press("ex06_gouser");
      await eventually(() => states().filter((state) => state === "CANCELLED").length === 3);
      assert.deepEqual(
        abiquo.tasks({ state: "QUEUEING" }).map(({ user }) => user.nick),
        ["bob"],
      );
    });

    it("07: a ticket is opened for each task, and its callback decides", async () => {
      hookAt(`abiquo/tickets/${SECRET}`);
      const { tasks } = await abiquo.submit({ count: 2 });
      await eventually(() => tasks.every(({ taskId }) => opened.some(({ key }) => key === taskId)));
      const call = (key: string, approved: boolean, secret = TICKET_SECRET): Promise<Response> =>
        nodeRed.request("tickets/decided", {
          method: "POST",
          headers: { "Content-Type": "application/json", Authorization: `Bearer ${secret}` },
          body: JSON.stringify({ key, approved, by: "Carla", comment: "seen" }),
        });
      const [yes, no] = tasks.map(({ taskId }) => taskId);
      assert.equal((await call(yes ?? "", true, "guessed")).status, 401);
      assert.equal((await call(yes ?? "", true)).status, 202);
      assert.equal((await call(no ?? "", false)).status, 202);
      await eventually(() => abiquo.answers.length === 2);
      assert.equal(abiquo.task(yes ?? "")?.text, "Approved by Carla: seen");
      assert.equal(abiquo.task(no ?? "")?.text, "Rejected by Carla: seen");
      assert.deepEqual(states(), ["PENDING", "CANCELLED"]);
    });

    it("08: everything comes from the environment, and a forged task is not believed", async () => {
      hookAt(`abiquo/headless/${SECRET}`);
      const { tasks, webhook } = await abiquo.submit({ count: 2 });
      assert.ok("status" in webhook && webhook.status === 200);
      await eventually(() => states().every((state) => state === "PENDING"));
      assert.match(abiquo.answers[0]?.text ?? "", /Small/);
      await nodeRed.waitForLog(new RegExp(`continued: ${tasks[0]?.taskId}`));
    });

    /** A call of example 08's operator. */
    const operate = (path: string, token = OPERATOR_TOKEN, body?: object): Promise<Response> => {
      const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
      const sent = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
      return fetch(`${nodeRed.nodeUrl}abiquo/operator/${path}`, { headers, ...sent });
    };
    const listed = async (stage: string): Promise<string[]> => {
      const { tasks } = (await (await operate(`tasks?stage=${stage}`)).json()) as { tasks: { task: { taskId: string } }[] };
      return tasks.map(({ task }) => task.taskId);
    };

    it("08: a large group is asked about by mail, and the operator, with the token alone, sees it and answers", async () => {
      hookAt(`abiquo/headless/${SECRET}`);
      const { tasks } = await abiquo.submit({ count: 11 });
      const [first = "", ...others] = tasks.map(({ taskId }) => taskId);
      const mail = await mailTo("night@example.com", /Approval needed/);
      const asked = await listed("asked");
      assert.ok([first, ...others].every((id) => asked.includes(id)));
      const cancel = { taskId: first, action: "cancel", reason: "Not this one" };
      for (const token of ["", "forged", `${OPERATOR_TOKEN}0`]) {
        assert.equal((await operate("tasks", token)).status, 401);
        assert.equal((await operate("retry", token, {})).status, 401);
        assert.equal((await operate("answer", token, cancel)).status, 401);
      }
      assert.equal((await operate("tasks?stage=elsewhere")).status, 400);
      assert.equal((await operate("answer", OPERATOR_TOKEN, { ...cancel, action: "review" })).status, 400);
      assert.equal((await operate("answer", OPERATOR_TOKEN, { ...cancel, taskId: { task: first } })).status, 400);
      assert.deepEqual(new Set(states()), new Set(["QUEUEING"]));
      assert.equal((await operate("answer", OPERATOR_TOKEN, cancel)).status, 202);
      await eventually(() => abiquo.task(first)?.state === "CANCELLED");
      assert.match(abiquo.task(first)?.text ?? "", /operator[\s\S]*Not this one/);
      await answerBy(mail, [["action", "approve"]]);
      await Promise.all(others.map((id) => nodeRed.waitForLog(new RegExp(`continued: ${id}`))));
      assert.ok(others.every((id) => abiquo.task(id)?.state === "PENDING"));
      await mailTo("ana@example.com", /approved/i);
    });

    it("08: answers that Abiquo refused are listed and sent again, and metrics need their token", async () => {
      hookAt(`abiquo/headless/${SECRET}`);
      const fault = abiquo.inject({ match: { action: "continue" }, status: 403 });
      const { tasks } = await abiquo.submit();
      const id = tasks[0]?.taskId ?? "";
      await nodeRed.waitForLog(new RegExp(`Log the fault. ABIQUO_UNDELIVERABLE .*${id}`));
      assert.ok((await listed("undeliverable")).includes(id));
      fault.remove();
      assert.equal((await operate("retry", OPERATOR_TOKEN, {})).status, 202);
      await nodeRed.waitForLog(new RegExp(`continued: ${id}`));
      assert.equal(abiquo.task(id)?.state, "PENDING");
      assert.ok(!(await listed("undeliverable")).includes(id));
      const metrics = (token: string): Promise<Response> =>
        fetch(`${nodeRed.nodeUrl}abiquo/metrics`, { headers: { Authorization: `Bearer ${token}` } });
      assert.equal((await metrics("forged")).status, 401);
      assert.match(await (await metrics(METRICS_TOKEN)).text(), /abiquo_store_up 1/);
    });

    it("09: what happens is sent signed; the receiver believes no other signature, and drops repeats", async () => {
      hookAt(`abiquo/signed-events/${SECRET}`);
      // What came before the node has begun is not told.
      const isTold = (): boolean => chats.requests.some(({ path }) => path === "/events");
      for (let tries = 0; tries < 5 && !isTold(); tries++) {
        await abiquo.submit();
        await eventually(isTold, 3_000).catch(() => undefined);
      }
      const { tasks } = await abiquo.submit();
      const subject = tasks[0]?.taskId;
      const sent = (): ChatRequest[] => chats.requests.filter(({ path, body }) => path === "/events" && body["subject"] === subject);
      await eventually(() => sent().length === 3);
      assert.deepEqual(
        sent().map(({ body }) => body["type"]),
        ["received", "decided", "delivered"].map((what) => `com.abiquo.workflow.task.${what}`),
      );
      const { headers, text } = sent()[0] as ChatRequest;
      const names = ["webhook-id", "webhook-timestamp", "webhook-signature"] as const;
      const [id = "", time = "", signature = ""] = names.map((name) => String(headers[name]));
      const key = Buffer.from(EVENTS_SECRET.slice("whsec_".length), "base64");
      assert.equal(signature, `v1,${createHmac("sha256", key).update(`${id}.${time}.${text}`).digest("base64")}`);
      const post = async (body: string): Promise<number> => {
        const signed = { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": signature };
        const type = { "Content-Type": "application/cloudevents+json" };
        return (await fetch(`${nodeRed.nodeUrl}example/events`, { method: "POST", headers: { ...type, ...signed }, body })).status;
      };
      assert.equal(await post(text.replace("task.received", "task.decided")), 401);
      const before = nodeRed.logs().length;
      assert.equal(await post(text), 204);
      assert.equal(await post(text), 204);
      await eventually(() => nodeRed.logs().slice(before).includes("[debug:An event]"));
      assert.equal(nodeRed.logs().slice(before).split("[debug:An event]").length, 2);
    });

    it("10: a mail asks the manager, again after the server refused it; the page behind its link decides, and the requester hears of it", async () => {
      const mailsTo = (address: string): Mail[] => mailbox.mails.filter(({ to }) => to.includes(address));
      hookAt(`abiquo/manager/${SECRET}`);
      mailbox.refusals = 1;
      const { tasks } = await abiquo.submit({ user: "bob", cpu: 4, ram: 8_192 });
      const id = tasks[0]?.taskId ?? "";
      await eventually(() => mailsTo("manager@example.com").length === 1);
      const [mail] = mailsTo("manager@example.com");
      assert.match(mail?.subject ?? "", /Approval needed: Deploy vm-\d+/);
      assert.match(mail?.text ?? "", /vm-\d+ · 4 CPUs · 8 GB RAM/);
      const [link = ""] = /https:\/\/node-red\.example\.com\/abiquo\/approval\/\S+/.exec(mail?.text ?? "") ?? [];
      assert.ok(mail?.html.includes(link) && link !== "");
      const page = link.replace("https://node-red.example.com/", nodeRed.nodeUrl);
      const shown = await fetch(page);
      assert.equal(shown.status, 200);
      assert.deepEqual(states(), ["QUEUEING"], "reading decides nothing");
      const decided = await fetch(page, { method: "POST", body: new URLSearchParams({ action: "approve", reason: "Budget is there" }) });
      assert.equal(decided.status, 200);
      await eventually(() => abiquo.task(id)?.state === "PENDING");
      assert.match(abiquo.task(id)?.text ?? "", /manager@example\.com[\s\S]*Budget is there/);
      await eventually(() => mailsTo("bob@example.com").length === 1);
      assert.match(mailsTo("bob@example.com")[0]?.subject ?? "", /approved/i);
    });

    /** Approves or rejects by the page behind the link of a mail. */
    async function answerBy(mail: Mail | undefined, fields: [string, string][]): Promise<void> {
      const [link = ""] = /https:\/\/node-red\.example\.com\/abiquo\/approval\/\S+/.exec(mail?.text ?? "") ?? [];
      const page = link.replace("https://node-red.example.com/", nodeRed.nodeUrl);
      const { status } = await fetch(page, { method: "POST", body: new URLSearchParams(fields) });
      assert.equal(status, 200);
    }

    async function mailTo(address: string, subject: RegExp): Promise<Mail> {
      const found = (): Mail | undefined => mailbox.mails.find((mail) => mail.to.includes(address) && subject.test(mail.subject));
      await eventually(() => found() !== undefined);
      return found() as Mail;
    }

    it("11: nobody answers in time, so the head is asked too; then everybody in finance approves", async () => {
      hookAt(`abiquo/two-levels/${SECRET}`);
      const { tasks } = await abiquo.submit({ user: "bob" });
      await mailTo("lead@example.com", /Approval needed: Deploy vm-\d+/);
      await answerBy(await mailTo("head@example.com", /Escalated/), [["action", "approve"]]);
      const finance = [await mailTo("fiona@example.com", /Approval needed/), await mailTo("frank@example.com", /Approval needed/)];
      await answerBy(finance[0], [["action", "approve"]]);
      assert.deepEqual(states(), ["QUEUEING"]);
      await answerBy(finance[1], [
        ["action", "approve"],
        ["reason", "Within the budget"],
      ]);
      await eventually(() => abiquo.task(tasks[0]?.taskId ?? "")?.state === "PENDING");
      assert.match(abiquo.task(tasks[0]?.taskId ?? "")?.text ?? "", /frank@example\.com[\s\S]*Within the budget/);
    });

    it("12: a button in Slack decides, the message loses its buttons, and nobody else can press them", async () => {
      hookAt(`abiquo/slack/${SECRET}`);
      const { tasks } = await abiquo.submit({ user: "bob" });
      const asked = await chats.have("/slack/chat.postMessage", 2);
      const toMia = asked.find(({ body }) => body["channel"] === "U024BE7LH");
      assert.equal(toMia?.headers.authorization, "Bearer xoxb-of-the-bot");
      const [, { elements: [approve] = [] } = {}] = (toMia?.body["blocks"] ?? []) as {
        elements?: { action_id: string; value: string }[];
      }[];
      assert.equal(approve?.action_id, "approve");
      const press = async (user: string, secret: string): Promise<number> => {
        const payload = { user: { id: user }, actions: [approve], response_url: `${chats.url}/slack/respond` };
        const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
        const time = String(Math.floor(Date.now() / 1000));
        const signature = `v0=${createHmac("sha256", secret).update(`v0:${time}:${body}`).digest("hex")}`;
        const headers = {
          "Content-Type": "application/x-www-form-urlencoded",
          "X-Slack-Request-Timestamp": time,
          "X-Slack-Signature": signature,
        };
        return (await fetch(`${nodeRed.nodeUrl}slack/approval`, { method: "POST", headers, body })).status;
      };
      assert.equal(await press("U024BE7LH", "forged"), 401);
      assert.equal(await press("USTRANGER", SLACK_SECRET), 200);
      assert.match(String((await chats.have("/slack/respond"))[0]?.body["text"]), /does not count/);
      assert.deepEqual(states(), ["QUEUEING"]);
      assert.equal(await press("U024BE7LH", SLACK_SECRET), 200);
      await eventually(() => abiquo.task(tasks[0]?.taskId ?? "")?.state === "PENDING");
      const [updated] = await chats.have("/slack/chat.update");
      assert.equal((updated?.body["blocks"] as unknown[] | undefined)?.length, 1);
    });

    it("13: a button in Telegram decides, the message loses its buttons, and nobody else can press them", async () => {
      hookAt(`abiquo/telegram/${SECRET}`);
      const { tasks } = await abiquo.submit({ user: "bob" });
      const asked = await chats.have("/telegram/bot1:of-the-bot/sendMessage", 2);
      const keys = asked[0]?.body["reply_markup"] as { inline_keyboard: { callback_data: string }[][] } | undefined;
      const reject = keys?.inline_keyboard[0]?.[1]?.callback_data ?? "";
      assert.ok(reject.startsWith("reject ") && Buffer.byteLength(reject) <= 64);
      const press = async (from: number, secret: string): Promise<number> => {
        const headers = { "Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": secret };
        const body = JSON.stringify({ callback_query: { id: "q1", from: { id: from }, data: reject } });
        return (await fetch(`${nodeRed.nodeUrl}telegram/approval`, { method: "POST", headers, body })).status;
      };
      assert.equal(await press(100_200_300, "forged"), 401);
      assert.equal(await press(100_200_301, SECRET), 200);
      await eventually(() => abiquo.task(tasks[0]?.taskId ?? "")?.state === "CANCELLED");
      assert.match(String((await chats.have("/telegram/bot1:of-the-bot/answerCallbackQuery"))[0]?.body["text"]), /counts/);
      const [edited] = await chats.have("/telegram/bot1:of-the-bot/editMessageText");
      assert.deepEqual((edited?.body["reply_markup"] as { inline_keyboard: unknown[] } | undefined)?.inline_keyboard, []);
    });

    it("14: one request asks about a group with its sizes; the machine that is left out is cancelled, the rest released", async () => {
      hookAt(`abiquo/group/${SECRET}`);
      mailbox.mails.length = 0;
      const { tasks } = await abiquo.submit({ user: "bob", count: 3, cpu: 2, ram: 2_048 });
      const mail = await mailTo("manager@example.com", /Approval needed/);
      assert.match(mail.text, /6 CPU|6 processors|CPU/);
      await answerBy(mail, [
        ["action", "approve"],
        ["reason", "Two will do"],
        ["except", tasks[1]?.taskId ?? ""],
      ]);
      await eventually(() => states().every((state) => state !== "QUEUEING"));
      assert.deepEqual(
        tasks.map(({ taskId }) => abiquo.task(taskId)?.state),
        ["PENDING", "CANCELLED", "PENDING"],
      );
    });

    it("15: a desk sees what waits on its dashboard, is told that a reject needs a reason, and decides", async () => {
      hookAt(`abiquo/dashboard/${SECRET}`);
      const browser = await launchBrowser();
      try {
        const page = await browser.newPage();
        await page.goto(`${nodeRed.nodeUrl}dashboard/approvals`);
        const { tasks } = await abiquo.submit({ user: "bob", count: 2, cpu: 3 });
        const card = page.locator(".v-card", { hasText: "Deploy of 2 machines" });
        await card
          .getByText(/3 CPU, .* MB of RAM/)
          .first()
          .waitFor();
        await card.getByRole("button", { name: "Reject" }).click();
        await page.getByText("A reject needs a reason.").waitFor();
        assert.deepEqual(states(), ["QUEUEING", "QUEUEING"]);
        await card.getByLabel("Reason").fill("Not this week");
        await card.getByRole("button", { name: "Reject" }).click();
        await page.getByText("Your answer counts.").waitFor();
        await page.getByText("Nothing waits for an answer.").waitFor();
        await eventually(() => states().every((state) => state === "CANCELLED"));
        assert.match(abiquo.task(tasks[0]?.taskId ?? "")?.text ?? "", /desk@example\.com.*Not this week/);
      } finally {
        await browser.close();
      }
    });

    it("20: small deploys of users pass; large ones, administrators' and unreadable ones wait for a person, with their details", async () => {
      hookAt(`abiquo/small-deploys/${SECRET}`);
      const { tasks: small } = await abiquo.submit({ cpu: 4, ram: 8_192 });
      await eventually(() => abiquo.task(small[0]?.taskId ?? "")?.state === "PENDING");
      assert.match(abiquo.task(small[0]?.taskId ?? "")?.text ?? "", /Small, and within office hours/);
      const { tasks: large } = await abiquo.submit({ cpu: 8 });
      const { tasks: admins } = await abiquo.submit({ user: "carla" });
      for (const [task] of [large, admins]) await nodeRed.waitForLog(new RegExp(`taskId: '${task?.taskId}'[\\s\\S]*location: \\{`));
      abiquo.inject({ match: { method: "GET", path: /\/virtualmachines\/\d+$/ }, status: 403, times: 1 });
      const { tasks: unread } = await abiquo.submit();
      await nodeRed.waitForLog(
        new RegExp(`taskId: '${unread[0]?.taskId}'[\\s\\S]*details\\.virtualmachine\\.cpu, which could not be read`),
      );
      assert.deepEqual(states(), ["PENDING", "QUEUEING", "QUEUEING", "QUEUEING"]);
    });

    it("21: a group passes within the quota, is cancelled over it, and waits between, or when a machine cannot be read", async () => {
      hookAt(`abiquo/quota/${SECRET}`);
      const ask = async (request: object): Promise<string> => (await abiquo.submit({ count: 4, ...request })).tasks[0]?.taskId ?? "";
      const within = await ask({ cpu: 4 });
      const over = await ask({ cpu: 20 });
      await eventually(() => abiquo.task(within)?.state === "PENDING" && abiquo.task(over)?.state === "CANCELLED");
      const between = await ask({ cpu: 8 });
      await nodeRed.waitForLog(new RegExp(`taskId: '${between}'`));
      abiquo.inject({ match: { method: "GET", path: /\/virtualmachines\/\d+$/ }, status: 403, times: 1 });
      const unread = await ask({ cpu: 1 });
      await nodeRed.waitForLog(new RegExp(`taskId: '${unread}'`));
      assert.equal(abiquo.tasks({ state: "QUEUEING" }).length, 8);
      assert.equal(abiquo.answers.filter(({ applied }) => applied).length, 8);
    });

    it("22: the file's rules decide; a new version does from the next task on, and a broken one changes nothing", async () => {
      hookAt(`abiquo/rules-file/${SECRET}`);
      const file = join(files, "abiquo-rules.json");
      const first = await abiquo.submit({ count: 2 });
      await eventually(() => first.tasks.every(({ taskId }) => abiquo.task(taskId)?.state === "PENDING"));
      assert.match(abiquo.task(first.tasks[0]?.taskId ?? "")?.text ?? "", /Few machines/);
      writeFileSync(file, readFileSync(file, "utf8").replace('"outcome": "continue"', '"outcome": "cancel"'));
      const second = await abiquo.submit({ count: 1 });
      await eventually(() => abiquo.task(second.tasks[0]?.taskId ?? "")?.state === "CANCELLED");
      writeFileSync(file, '{ "rules": [');
      const third = await abiquo.submit({ count: 1 });
      await eventually(() => abiquo.task(third.tasks[0]?.taskId ?? "")?.state === "CANCELLED");
      await nodeRed.waitForLog(/abiquo-rules\.json:1:13[\s\S]*The rules read before stay in force/);
    });
  });

  it(`example 08 starts headless on ${version.name} with little set, closed to operators, and names a variable that is not set`, async () => {
    const abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/", privileges: RIGHTS });
    const example = EXAMPLES[7] ?? [];
    const nodeRed = await startNodeRed({
      flows: example,
      credentials: { ex08_config: { ...abiquo.credentials.oauth }, ex08_hook: { secret: "${NOT_THERE}" } },
      nodeRed: version.nodeRed,
      palette: ROOT,
      settings: { httpAdminRoot: false },
      env: { ABIQUO_URL: abiquo.url, PUBLIC_URL: "https://node-red.example.com/" },
    });
    try {
      await nodeRed.waitForLog(/NOT_THERE is not set/);
      const faults = nodeRed
        .logs()
        .split("\n")
        .filter((line) => /\[error\] \[abiquo/.test(line));
      assert.equal(faults.length, 1, faults.join("\n"));
      for (const path of ["abiquo/operator/tasks", "abiquo/metrics"]) {
        const headers = { Authorization: "Bearer " };
        assert.equal((await fetch(nodeRed.nodeUrl + path, { headers })).status, 404, path);
      }
    } finally {
      await nodeRed.stop();
      await abiquo.close();
    }
  }).timeout(60_000);
}
