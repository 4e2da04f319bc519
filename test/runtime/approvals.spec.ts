import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { type NodeRedProcess, type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { answering, catcher, credentials, posted, type Report, reporter, Sink, startUnderTest, VERSIONS, webhook } from "./under-test.ts";

// The one that Node-RED itself checks passwords with.
const nodeRedAuth = createRequire(createRequire(import.meta.url).resolve("node-red"));
const { hashSync } = nodeRedAuth("bcryptjs") as { hashSync(text: string, rounds: number): string };

const PUBLIC = "https://approvals.example.com/red";
const ANA = "mia@example.com";
const BEN = "ben@example.com";

interface Told {
  readonly to: string;
  readonly topic: string;
  readonly payload: string;
  readonly plaintext: string;
  readonly abiquo: { readonly approval: Approval };
}
interface Approval {
  readonly id: string;
  readonly kind: string;
  readonly level: number;
  readonly person: { readonly email: string };
  readonly dueAt?: string;
  readonly notification: string;
  readonly ref?: string;
  readonly links: { readonly page: string; readonly inbox: string };
  readonly text: string;
}

/** A hook, an approval, and what leaves it; messages come in by HTTP. */
function approvalFlows(sink: Sink, abiquo: SimulatedAbiquo, approval: object, config: object = {}): object[] {
  return [
    { id: "tab", type: "tab", label: "Under test" },
    { id: "config", type: "abiquo-config", name: "Abiquo", url: abiquo.url, auth: "oauth1", timeout: 5, publicUrl: PUBLIC, ...config },
    webhook("hook", { path: "/hook", auth: "secret", emit: "group", wires: [["approval"]] }),
    {
      id: "approval",
      type: "abiquo-approval",
      z: "tab",
      name: "Managers",
      connection: "config",
      levels: [{ name: "Managers", approvers: [{ email: ANA, name: "Mia Soler", aliases: ["U-ANA"] }, BEN], need: "any" }],
      wires: [["notify-body"], ["approved-body", "go"], ["rejected-body", "stop"], ["withdrawn-body"], ["vote-body"]],
      ...approval,
    },
    { id: "go", type: "abiquo-continue", z: "tab", connection: "config", wires: [["answered-body"], ["otherwise-body"]] },
    { id: "stop", type: "abiquo-cancel", z: "tab", connection: "config", wires: [["answered-body"], ["otherwise-body"]] },
    ...posted("say", "approval"),
    ...["notify", "approved", "rejected", "withdrawn", "vote"].flatMap((path) => reporter(sink, path)),
    ...answering(sink),
    ...catcher(sink),
  ];
}

for (const version of VERSIONS) {
  describe(`approvals on ${version.name}`, function () {
    this.timeout(180_000);
    let abiquo: SimulatedAbiquo;
    let sink: Sink;
    let nodeRed: NodeRedProcess;

    before(async () => {
      abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/" });
      sink = await Sink.start();
    });

    after(async () => {
      await abiquo.close();
      await sink.close();
    });

    async function start(approval: object = {}): Promise<void> {
      nodeRed = await startUnderTest(version.nodeRed, abiquo, sink, {
        flows: approvalFlows(sink, abiquo, approval),
        credentials: credentials(abiquo),
      });
    }

    beforeEach(() => {
      abiquo.clearFaults();
      abiquo.forget();
      sink.clear();
    });

    afterEach(async () => {
      await nodeRed.stop();
    });

    async function submit(count = 1): Promise<string[]> {
      const { tasks, webhook } = await abiquo.submit({ type: "DEPLOY", count });
      assert.ok("status" in webhook && webhook.status === 200, JSON.stringify(webhook));
      return tasks.map(({ taskId }) => taskId);
    }

    const told = (report: Report | undefined): Told => report?.body as unknown as Told;
    const isTo =
      (email: string, kind = "asked") =>
      (report: Report): boolean =>
        told(report).to === email && told(report).abiquo.approval.kind === kind;

    async function askedOf(email: string): Promise<Approval> {
      const [report] = await sink.have("notify", 1, isTo(email));
      return told(report).abiquo.approval;
    }

    /** Where a link leads in this Node-RED. */
    const local = (link: string): string => link.replace(`${PUBLIC}/`, nodeRed.nodeUrl);
    const post = (link: string, fields: Record<string, string>): Promise<Response> =>
      fetch(local(link), { method: "POST", body: new URLSearchParams(fields) });
    const say = async (message: object): Promise<void> => {
      await nodeRed.request("/say", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(message) });
    };

    describe("of one person", () => {
      beforeEach(() => start());

      it("tell each approver by a mail with links, and release the task with who and why", async () => {
        const [id = ""] = await submit();
        const { links } = await askedOf(ANA);
        await askedOf(BEN);
        const page = await fetch(local(links.page));
        assert.equal(page.status, 200);
        assert.match(page.headers.get("content-security-policy") ?? "", /default-src 'none'/);
        assert.match(await page.text(), /Mia Soler/);
        const answer = await post(links.page, { action: "approve", reason: "Budget is there" });
        assert.equal(answer.status, 200);
        await sink.have("answered");
        assert.equal(abiquo.task(id)?.state, "PENDING");
        const [{ text = "" } = {}] = abiquo.answers.filter(({ taskId }) => taskId === id);
        assert.match(text, /mia@example\.com/);
        assert.match(text, /Budget is there/);
        await sink.have("notify", 1, isTo(BEN, "decided"));
      });

      it("take no link any more that a message has revoked, and send a fresh one to whom it was for", async () => {
        const [id = ""] = await submit();
        const { links } = await askedOf(ANA);
        await say({ control: { action: "revoke-links" } });
        await say({ control: { action: "revoke-links", by: "ops@example.com", reason: "a mailbox was read" } });
        const answers = (await sink.have("vote", 2)).map(
          ({ body }) => (body as { abiquo: { control: Record<string, unknown> } }).abiquo.control,
        );
        assert.deepEqual(answers.map(({ result, why }) => [result, why]).toSorted(), [
          ["done", undefined],
          ["forbidden", "BY_REQUIRED"],
        ]);
        for (const link of [links.page, links.inbox]) assert.equal((await post(link, { action: "approve" })).status, 410);
        assert.equal(abiquo.task(id)?.state, "QUEUEING");
        assert.equal((await post(links.page, { action: "fresh" })).status, 200);
        const mails = await sink.have("notify", 2, isTo(ANA));
        assert.equal((await post(told(mails.at(-1)).abiquo.approval.links.page, { action: "approve" })).status, 200);
        await sink.have("answered");
        assert.equal(abiquo.task(id)?.state, "PENDING");
      });

      it("decide nothing when robots look at the links of a mail", async () => {
        const [id = ""] = await submit();
        const { links, id: approval } = await askedOf(ANA);
        const agents = [
          "Mozilla/5.0 (compatible; Microsoft Defender SafeLinks)",
          "GoogleImageProxy",
          "Slackbot-LinkExpanding 1.0",
          "curl/8.0",
          "Barracuda Sentinel (EE)",
        ];
        const visits = Array.from({ length: 10 }, (_, index) => agents[index % agents.length] ?? "").flatMap((agent) =>
          ["GET", "HEAD", "OPTIONS"].flatMap((method) =>
            [links.page, links.inbox].map(async (link) => {
              const response = await fetch(local(link), { method, headers: { "User-Agent": agent } });
              assert.ok(response.ok, `${method} ${response.status}`);
              await response.arrayBuffer();
            }),
          ),
        );
        await Promise.all(visits);
        await say({ vote: { id: approval, action: "approve", by: "stranger@example.com" } });
        const [vote] = await sink.have("vote");
        assert.equal((vote?.body.abiquo as { vote?: { result: string } } | undefined)?.vote?.result, "forbidden");
        assert.equal(abiquo.task(id)?.state, "QUEUEING");
        assert.equal(abiquo.answers.length, 0);
      });

      it("have one outcome of 100 opposite answers at once, and tell each loser who, what and when", async () => {
        const [id = ""] = await submit();
        const [ana, ben] = [await askedOf(ANA), await askedOf(BEN)];
        const answers = await Promise.all(
          Array.from({ length: 100 }, async (_, index) => {
            const isAna = index % 2 === 0;
            const response = await post((isAna ? ana : ben).links.page, { action: isAna ? "approve" : "reject", reason: "because" });
            return { status: response.status, text: await response.text() };
          }),
        );
        await sink.have("answered");
        const actions = new Set(abiquo.answers.filter(({ taskId }) => taskId === id).map(({ action }) => action));
        assert.equal(actions.size, 1);
        const winner = actions.has("continue") ? "ana" : "ben";
        assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200, 409]));
        const losers = answers.filter(({ status }) => status === 409);
        assert.equal(losers.length, 50);
        for (const { text } of losers) assert.match(text, winner === "ana" ? /Mia Soler/ : /ben@example\.com/);
        assert.equal(sink.of("approved").length + sink.of("rejected").length, 1);
      });

      it("refuse a link with any byte changed, and say nothing of the request", async () => {
        await submit();
        const { links } = await askedOf(ANA);
        const token = links.page.slice(links.page.lastIndexOf("/") + 1);
        const changed = [...token].map((sign, index) => `${token.slice(0, index)}${sign === "A" ? "B" : "A"}${token.slice(index + 1)}`);
        const some = changed.filter((_, index) => index % 7 === 0 || index > token.length - 3);
        for (const each of some) {
          const response = await post(links.page.replace(token, each), { action: "approve", reason: "x" });
          assert.equal(response.status, 403);
          assert.doesNotMatch(await response.text(), /Mia/);
        }
        assert.equal(abiquo.answers.length, 0);
      });

      it("take a vote by an alias from a chat, and tell the channel what became of it", async () => {
        const [id = ""] = await submit();
        const { id: approval } = await askedOf(ANA);
        await say({ vote: { id: approval, action: "reject", by: "U-ANA", reason: "Too big" } });
        await sink.have("rejected");
        await sink.have("answered");
        assert.equal(abiquo.task(id)?.state, "CANCELLED");
        await say({ vote: { id: approval, action: "approve", by: BEN } });
        const [, late] = await sink.have("vote", 2);
        const { vote = {} } = (late?.body.abiquo ?? {}) as { vote?: Record<string, string> };
        assert.equal(vote["result"], "late");
        assert.equal(vote["decidedBy"], ANA);
        assert.ok(!Number.isNaN(Date.parse(vote["at"] ?? "")));
      });

      it("are withdrawn when the task is decided past them", async () => {
        const [id = ""] = await submit();
        const { links } = await askedOf(ANA);
        await nodeRed.request("/continue", {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ id }),
        });
        await sink.have("withdrawn");
        await sink.have("notify", 1, isTo(ANA, "withdrawn"));
        const late = await post(links.page, { action: "reject", reason: "no" });
        assert.equal(late.status, 409);
        assert.equal(abiquo.task(id)?.state, "PENDING");
      });

      it("answer whoever comes without a link in a language that exists", async () => {
        for (const language of ["*", "xx", "es", "en;q=0.1", "-", "\u00e9"]) {
          const response = await fetch(`${nodeRed.nodeUrl}abiquo/approval/none`, { headers: { "Accept-Language": language } });
          assert.equal(response.status, 403);
          assert.match(await response.text(), language === "es" ? /lang="es/ : /lang="en/);
        }
      });
    });

    describe("behind a proxy that signs people in", () => {
      const asAna = { "X-Forwarded-Email": ANA };
      const inbox = (init: RequestInit = {}): Promise<Response> => fetch(`${nodeRed.nodeUrl}abiquo/inbox`, init);

      async function startBehind(trustedProxies: string): Promise<void> {
        nodeRed = await startUnderTest(version.nodeRed, abiquo, sink, {
          flows: approvalFlows(sink, abiquo, {}, { trustedProxies, identityHeader: "X-Forwarded-Email" }),
          credentials: credentials(abiquo),
        });
      }

      it("show each all that waits, and decide by what the page gave only", async () => {
        await startBehind("127.0.0.1");
        const [id = ""] = await submit();
        const { id: approval } = await askedOf(ANA);
        const page = await (await inbox({ headers: asAna })).text();
        assert.match(page, new RegExp(`"\\./inbox/${approval}"`));
        const request = (init: RequestInit = {}): Promise<Response> => fetch(`${nodeRed.nodeUrl}abiquo/inbox/${approval}`, init);
        assert.equal((await request({ headers: asAna })).status, 200);
        assert.deepEqual(
          [(await request()).status, (await request({ headers: { "X-Forwarded-Email": "eve@example.com" } })).status],
          [403, 404],
        );
        const fields = { action: "approve", reason: "fine", pick: approval };
        await inbox({ method: "POST", headers: asAna, body: new URLSearchParams(fields) });
        const [, form = ""] = /name="form" value="([^"]+)"/.exec(page) ?? [];
        await inbox({ method: "POST", headers: { "X-Forwarded-Email": BEN }, body: new URLSearchParams({ ...fields, form }) });
        assert.equal(sink.of("approved").length, 0);
        const done = await inbox({ method: "POST", headers: asAna, body: new URLSearchParams({ ...fields, form }) });
        assert.equal(done.status, 200);
        await sink.have("answered");
        assert.equal(abiquo.task(id)?.state, "PENDING");
      });

      it("believe nobody else who says who it is", async () => {
        await startBehind("192.0.2.1");
        assert.equal((await inbox({ headers: asAna })).status, 403);
      });
    });

    describe("where people sign in to Node-RED", () => {
      const password = "correct horse battery staple";

      beforeEach(async () => {
        const users = [{ username: "u-ana", password: hashSync(password, 4), permissions: ["abiquo-approval.approve"] }];
        nodeRed = await startUnderTest(version.nodeRed, abiquo, sink, {
          flows: approvalFlows(sink, abiquo, {}),
          credentials: credentials(abiquo),
          settings: { adminAuth: { type: "credentials", users } },
        });
      });

      it("give each their own inbox", async () => {
        await submit();
        await askedOf(ANA);
        const headers = { "Content-Type": "application/json", "Node-RED-API-Version": "v2" };
        const open = (more: Record<string, string>): Promise<Response> =>
          fetch(`${nodeRed.adminUrl}abiquo-approval/approval/inbox`, { method: "POST", headers: { ...headers, ...more }, body: "{}" });
        assert.equal((await open({})).status, 401);
        const login = {
          client_id: "node-red-admin",
          grant_type: "password",
          scope: "abiquo-approval.approve",
          username: "u-ana",
          password,
        };
        const token = await fetch(`${nodeRed.adminUrl}auth/token`, { method: "POST", headers, body: JSON.stringify(login) });
        const { access_token } = (await token.json()) as { access_token: string };
        const { url } = (await (await open({ Authorization: `Bearer ${access_token}` })).json()) as { url: string };
        const inbox = await fetch(local(url));
        assert.match(await inbox.text(), /Mia Soler/);
      });
    });

    describe("of a group", () => {
      beforeEach(() => start({ scope: "group" }));

      it("leave out single machines: these by rejected, the rest by approved", async () => {
        const ids = await submit(3);
        const { links } = await askedOf(ANA);
        const form = new URLSearchParams({ action: "approve", reason: "Two are enough" });
        form.append("except", ids[1] ?? "");
        const response = await fetch(local(links.page), { method: "POST", body: form });
        assert.equal(response.status, 200);
        await sink.have("answered", 2);
        assert.deepEqual(
          ids.map((id) => abiquo.task(id)?.state),
          ["PENDING", "CANCELLED", "PENDING"],
        );
        assert.equal(sink.of("approved").length, 1);
        assert.equal(sink.of("rejected").length, 1);
      });

      it("make one request for all, and one decision", async () => {
        const ids = await submit(4);
        const { links } = await askedOf(ANA);
        assert.equal((await sink.have("notify", 1, isTo(ANA))).length, 1);
        await post(links.page, { action: "reject" });
        await sink.have("answered");
        assert.deepEqual(new Set(ids.map((id) => abiquo.task(id)?.state)), new Set(["CANCELLED"]));
      });
    });
  });
}
