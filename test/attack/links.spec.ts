import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type LinkKeys, signLink } from "../../nodes/lib/approval/index.ts";
import { keptKeyRing } from "../../nodes/lib/engine/approvals/kept.ts";
import { posted, type Report, webhook } from "../runtime/under-test.ts";
import { PUBLIC, type Reply, reporter, Target } from "./target.ts";

const MIA = "mia@example.com";
const HOUR = 60 * 60_000;

interface Asked {
  readonly id: string;
  readonly links: { readonly page: string; readonly inbox: string };
}

describe("links and addresses of approvals", function () {
  this.timeout(60_000);
  let target: Target;

  before(async () => {
    const asks = (id: string, approvers: string[], more: object = {}): object[] => [
      webhook(`hook-${id}`, { path: `/${id}`, auth: "none", wires: [[`ask-${id}`]] }),
      {
        id: `ask-${id}`,
        type: "abiquo-approval",
        z: "tab",
        connection: "config",
        levels: [{ name: "Managers", approvers, need: "any" }],
        wires: [["told-body"], ["approved-body"], ["rejected-body"], [], ["answer-body"]],
        ...more,
      },
    ];
    target = await Target.start(
      (sink) => [
        ...asks("plain", [MIA]),
        ...asks("own", ["ana+boss@EXAMPLE.com.", "ben@example.com"]),
        ...posted("say", "ask-plain"),
        ...["told", "approved", "rejected", "answer"].flatMap((path) => reporter(sink, path)),
      ],
      { config: { trustedProxies: "127.0.0.1", identityHeader: "X-Forwarded-Email" } },
    );
  });
  after(() => target.stop());
  beforeEach(() => target.sink.clear());

  const approvalIn = ({ body }: Report): Asked & { kind: string } =>
    (body.abiquo as unknown as { approval: Asked & { kind: string } }).approval;

  async function asked(path = "plain", to = MIA): Promise<Asked & { taskId: string }> {
    target.abiquo.setEndpoint(`${target.nodeRed.nodeUrl}${path}`);
    const { tasks } = await target.abiquo.submit({ type: "DEPLOY", user: "ana" });
    const [report] = await target.sink.have("told", 1, (each) => each.body["to"] === to && approvalIn(each).kind === "asked");
    assert.ok(report);
    return { ...approvalIn(report), taskId: tasks[0]?.taskId ?? "" };
  }

  const local = (link: string): string => link.replace(`${PUBLIC}/`, "");
  const tokenOf = (link: string): string => link.slice(link.lastIndexOf("/") + 1);
  /** When what is signed here ends: the last of what a token holds. */
  const endOf = (token: string): number =>
    Number((JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")) as unknown[]).at(-1));
  const tokensIn = ({ body }: Reply): string[] => [...body.matchAll(/[\w-]+\.[\w-]{20,}\.[\w-]{40,}/g)].map(([token]) => token);
  const state = (taskId: string): string | undefined => target.abiquo.task(taskId)?.state;
  const signedIn = (path: string): Promise<Reply> => target.call("GET", path, "", { "X-Forwarded-Email": MIA });

  function keys(): LinkKeys {
    const ledger = new DatabaseSync(join(target.nodeRed.userDir, "abiquo-workflow.sqlite"), { readOnly: true });
    try {
      const row = ledger.prepare("select value from setting where name = 'link-keys'").get() as { value: string };
      return keptKeyRing.read(row.value).keys;
    } finally {
      ledger.close();
    }
  }

  it("do not renew themselves: whatever a page hands out ends when the link does that led to it", async () => {
    const { id } = await asked();
    const expiresAt = Date.now() + HOUR;
    const page = await target.get(`abiquo/approval/${signLink(keys(), { approval: id, level: 0, person: MIA, expiresAt })}`);
    assert.equal(page.status, 200);
    const [inbox = ""] = tokensIn(page);
    const list = await target.get(`abiquo/inbox/${inbox}`);
    assert.equal(list.status, 200);
    const further = await Promise.all(tokensIn(list).map((token) => target.get(`abiquo/approval/${token}`)));
    const all = [...tokensIn(page), ...tokensIn(list), ...further.flatMap(tokensIn)];
    assert.ok(all.length >= 3);
    for (const token of all) assert.ok(endOf(token) <= expiresAt, `${(endOf(token) - expiresAt) / HOUR} hours more`);
  });

  it("are each of one kind, for one person, and good only as they were signed", async () => {
    const { links, taskId } = await asked();
    const [page, inbox] = [tokenOf(links.page), tokenOf(links.inbox)];
    const [form = ""] = tokensIn(await signedIn("abiquo/inbox"));
    const [id = "", content = "", signature = ""] = page.split(".");
    const forgedContent = Buffer.from(Buffer.from(content, "base64url").toString("utf8").replace(MIA, "eve@example.com")).toString(
      "base64url",
    );
    const wrong = [
      ...[
        inbox,
        form,
        `${id}.${forgedContent}.${signature}`,
        `${id}.${content}.${signature.slice(0, -2)}AA`,
        `${id}.${content}.`,
        `${id}.${content}`,
        "x",
        "...",
      ].map((token) => `abiquo/approval/${token}`),
      ...[page, form, "x"].map((token) => `abiquo/inbox/${token}`),
    ];
    for (const path of wrong) {
      assert.notEqual((await target.get(path)).status, 200, path);
      assert.notEqual((await target.form(path, { action: "approve", all: "1", upTo: "9999999" })).status, 200, path);
    }
    assert.equal(state(taskId), "QUEUEING");
  });

  it("of an inbox behind a proxy open nothing for who has not signed in there", async () => {
    const { id, taskId } = await asked();
    const list = await signedIn("abiquo/inbox");
    assert.match(list.body, new RegExp(id));
    const leads = [...list.body.matchAll(/(?:href|value)="([^"#?]+)"/g)]
      .map(([, lead = ""]) => lead)
      .filter((lead) => /^[\w./-]+$/.test(lead));
    const paths = [
      ...leads.map((lead) => new URL(lead, "http://x/abiquo/inbox").pathname.slice(1)),
      ...tokensIn(list).flatMap((token) => [`abiquo/inbox/${token}`, `abiquo/approval/${token}`]),
    ];
    for (const path of new Set(paths.filter((each) => each.startsWith("abiquo/")))) {
      assert.notEqual((await target.get(path)).status, 200, path);
      assert.notEqual((await target.form(path, { action: "approve", pick: id })).status, 200, path);
    }
    assert.equal(state(taskId), "QUEUEING");
  });

  it("decide nothing when somebody only looks", async () => {
    const { links, taskId } = await asked();
    for (const method of ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]) {
      await target.call(method, `${local(links.page)}?action=approve&reason=x`, "");
      await target.call(method, `${local(links.inbox)}?action=approve&all=1`, "");
    }
    assert.deepEqual([state(taskId), target.sink.of("approved").length], ["QUEUEING", 0]);
  });

  it("hand a request to nobody whom a mail server would read otherwise", async () => {
    const { links, taskId } = await asked();
    const told = target.sink.of("told").length;
    for (const to of [
      "a,victim@example.com",
      "a;b@example.com",
      "victim@example.com, x@example.com",
      "a\u200bb@example.com",
      "a\u0007b@example.com",
      "p\u0430ypal@example.com",
      "x@example.com\r\nBcc: eve@example.com",
      "<eve@example.com>",
      "mia@example.com",
      "MIA@Example.com.",
      '"mia"@example.com',
    ]) {
      const { status } = await target.form(local(links.page), { action: "delegate", to });
      assert.equal(status, 422, JSON.stringify(to));
    }
    assert.deepEqual([target.sink.of("told").length, state(taskId)], [told, "QUEUEING"]);
  });

  it("let nobody approve a request of their own, however the address is written", async () => {
    const own = await asked("own", "ben@example.com");
    for (const by of ["ana@example.com", "ANA@Example.COM", "ana+boss@EXAMPLE.com.", "ana+x@example.com", '"ana"@example.com']) {
      target.sink.clear();
      await target.post("say", JSON.stringify({ vote: { id: own.id, level: 0, action: "approve", by } }));
      const [answer] = await target.sink.have("answer");
      assert.equal((answer?.body.abiquo as { vote?: { result: string } } | undefined)?.vote?.result, "forbidden", by);
    }
    assert.equal(state(own.taskId), "QUEUEING");
  });

  it("open nothing any more once all are revoked, and new ones do", async () => {
    const { links, taskId } = await asked();
    await target.post(
      "say",
      JSON.stringify({ control: { action: "revoke-links", by: "ops@example.com", reason: "A mailbox was read by others" } }),
    );
    await target.sink.have("answer");
    for (const path of [local(links.page), local(links.inbox)]) {
      assert.notEqual((await target.get(path)).status, 200);
      assert.notEqual((await target.form(path, { action: "approve", all: "1", upTo: "999999" })).status, 200);
    }
    assert.equal(state(taskId), "QUEUEING");
    target.sink.clear();
    const fresh = await asked();
    assert.equal((await target.form(local(fresh.links.page), { action: "approve" })).status, 200);
    await target.sink.have("approved");
  });
});
