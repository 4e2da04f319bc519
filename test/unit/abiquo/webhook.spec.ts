import assert from "node:assert/strict";
import { parseWebhook, parseWebhookJson, type WebhookBody } from "../../../nodes/lib/abiquo/index.ts";
import { BASE, bytes, faultOf, MACHINE, taskDto, taskXml } from "./support.ts";

const SIXTEEN_MB = 16 * 1024 * 1024;

const parse = (body: unknown): WebhookBody => parseWebhook(bytes(typeof body === "string" ? body : JSON.stringify(body)), BASE);
const idsOf = (body: WebhookBody): string[] => body.tasks.map(({ task }) => task.taskId);
const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `task-${index}`);

function refusal(body: string | Uint8Array): string {
  const { code, params } = faultOf(() => parseWebhook(typeof body === "string" ? bytes(body) : body, BASE));
  return `${code} ${params["reason"] ?? params["problem"]}`;
}

function utf16(text: string, order: "le" | "be"): Uint8Array {
  const body = Buffer.from(`\ufeff${text}`, "utf16le");
  return order === "le" ? body : body.swap16();
}

/** Fails when work that grows with the body's square has crept in: in processor time, since the machine may be busy. */
function withinSeconds(seconds: number, run: () => void): void {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  const took = (user + system) / 1e6;
  assert.ok(took < seconds, `took ${took.toFixed(1)} s`);
}

describe("the body of a webhook", () => {
  it("holds one task or a collection, in JSON", () => {
    const single = parse(taskDto());
    assert.deepEqual([idsOf(single), single.collection], [["task-1"], false]);
    const one = parse({ links: [], collection: [taskDto()] });
    assert.deepEqual([idsOf(one), one.collection], [["task-1"], true]);
    assert.deepEqual(idsOf(parse({ collection: [taskDto("a"), taskDto("b")], totalSize: 2 })), ["a", "b"]);
    assert.deepEqual(idsOf(parse([taskDto("a"), taskDto("b")])), ["a", "b"]);
  });

  it("holds one task or a collection, in XML", () => {
    const single = parse(taskXml());
    assert.deepEqual([idsOf(single), single.collection], [["task-1"], false]);
    const one = parse(`<tasks>${taskXml()}</tasks>`);
    assert.deepEqual([idsOf(one), one.collection], [["task-1"], true]);
    assert.deepEqual(
      idsOf(parse(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<tasks>${taskXml("a")}\n${taskXml("b")}</tasks>\n`)),
      ["a", "b"],
    );
  });

  it("gives the same task from XML as from JSON", () => {
    const fromXml = parse(taskXml()).tasks[0];
    const fromJson = parse(taskDto()).tasks[0];
    assert.deepEqual(fromXml?.task, fromJson?.task);
    assert.deepEqual(fromXml?.links, fromJson?.links);
  });

  it("gives XML the shape of JSON: jobs in a collection, links in a list, times as numbers, ids as text", () => {
    const payload = parse(taskXml("7")).tasks[0]?.payload;
    assert.deepEqual(payload?.["jobs"], {
      links: [],
      collection: ["SCHEDULE", "CONFIGURE", "POWER_ON"].map((type) => ({
        links: [],
        id: `7.${type}`,
        type,
        state: "PENDING",
        timestamp: 1_700_000_000,
      })),
    });
    assert.deepEqual(payload?.["links"], [
      { rel: "self", href: `/${MACHINE}/tasks/7` },
      { rel: "continue", href: `/${MACHINE}/tasks/7/action/continue` },
      { rel: "cancel", href: `/${MACHINE}/tasks/7/action/cancel` },
      { rel: "target", href: `/${MACHINE}` },
      { rel: "user", href: "/admin/enterprises/21/users/22", title: "ana" },
    ]);
    assert.deepEqual([payload?.["taskId"], payload?.["userId"], payload?.["timestamp"]], ["7", "22", 1_700_000_060]);
  });

  it("takes XML without jobs, with one job, and with a prefix on its names", () => {
    const jobsOf = (xml: string): unknown =>
      (parse(xml).tasks[0]?.payload["jobs"] as { collection?: unknown[] } | undefined)?.collection?.length;
    assert.equal(jobsOf(taskXml().replace(/<jobs>.*<\/jobs>/, "<jobs/>")), 0);
    assert.equal(jobsOf(taskXml().replace(/<jobs>.*<\/jobs>/, "<jobs><job><id>1</id></job></jobs>")), 1);
    assert.equal(jobsOf(taskXml().replace(/<jobs>.*<\/jobs>/, "")), undefined);
    const prefixed = taskXml()
      .replace(/<(\/?)(\w+)/g, "<$1ab:$2")
      .replace("<ab:task>", '<ab:task xmlns:ab="http://www.abiquo.com">');
    assert.deepEqual(idsOf(parse(prefixed)), ["task-1"]);
  });

  it("reads the entities that XML has by itself, and numeric ones, once", () => {
    const titled = (title: string): unknown => parse(taskXml().replace('title="ana"', `title="${title}"`)).tasks[0]?.task.requester;
    assert.equal(titled("&lt;&gt;&amp;&quot;&apos;"), "<>&\"'");
    assert.equal(titled("Jos&#233; &#xe9; &#x1F600;"), "José é 😀");
    assert.equal(titled("&amp;lt; &amp;#233;"), "&lt; &#233;");
    assert.equal(titled("&nbsp;&#0;&#xD800;&#x110000;"), "&nbsp;&#0;&#xD800;&#x110000;");
  });

  it("takes markup in attributes, comments and CDATA for what it is", () => {
    const xml = `<!-- <task> --><tasks>${many(100)
      .map((id) => taskXml(id, "<!-- <a> --><note>a > b</note><link rel='x' href='' title='a > b'/>"))
      .join("")}</tasks>`;
    assert.equal(parse(xml).tasks.length, 100);
    assert.equal(parse(taskXml("1", "<note><![CDATA[<a>&lt;]]></note>")).tasks[0]?.payload["note"], "<a>&lt;");
  });

  it("is read whatever encoding it says that it has", () => {
    const named = { ...taskDto(), ownerId: "José" };
    const xml = taskXml().replace('title="ana"', 'title="José"');
    const requester = (body: Uint8Array): unknown => parseWebhook(body, BASE).tasks[0]?.task.requester;
    const owner = (body: Uint8Array): unknown => parseWebhook(body, BASE).tasks[0]?.task.ownerId;
    assert.equal(owner(bytes(JSON.stringify(named))), "José");
    assert.equal(owner(bytes(`\ufeff${JSON.stringify(named)}`)), "José");
    assert.equal(owner(utf16(JSON.stringify(named), "le")), "José");
    assert.equal(owner(utf16(JSON.stringify(named), "be")), "José");
    assert.equal(requester(bytes(`\ufeff${xml}`)), "José");
    assert.equal(requester(utf16(xml, "be")), "José");
    assert.equal(requester(Buffer.from(`<?xml version="1.0" encoding="ISO-8859-1"?>${xml}`, "latin1")), "José");
    assert.equal(requester(Buffer.from(`<?xml version='1.0' encoding='utf-8'?>${xml}`, "utf8")), "José");
  });

  it("is refused in an encoding that it does not say", () => {
    assert.equal(refusal(Buffer.from(JSON.stringify({ ...taskDto(), ownerId: "José" }), "latin1")), "ABIQUO_BAD_BODY ENCODING");
    assert.equal(refusal(Buffer.from(`<?xml version="1.0"?>${taskXml("1", "<a>é</a>")}`, "latin1")), "ABIQUO_BAD_BODY ENCODING");
    assert.equal(refusal(bytes(`<?xml version="1.0" encoding="klingon"?>${taskXml()}`)), "ABIQUO_BAD_BODY ENCODING");
    assert.equal(refusal(Uint8Array.of(0xff, 0xfe, 0x00)), "ABIQUO_BAD_BODY ENCODING");
    assert.equal(refusal(Uint8Array.of(0x80, 0x81)), "ABIQUO_BAD_BODY ENCODING");
  });

  it("is refused when it is empty or neither JSON nor XML", () => {
    for (const body of ["", " \r\n\t", "\ufeff"]) assert.equal(refusal(body), "ABIQUO_BAD_BODY EMPTY");
    for (const body of ["{", "taskId=1", '{"taskId":"1"}}', "nul", '{"a":"\u0000"}', "\u0000"])
      assert.equal(refusal(body), "ABIQUO_BAD_BODY NOT_JSON");
    for (const body of [
      "<",
      "<task>",
      "<task></tasks>",
      "<a><b></a></b>",
      "<task/><task/>",
      "<task/><tasks/>",
      `${taskXml("a")}${taskXml("b")}`,
      "<task a=b/>",
      "<!-- ",
      "<?xml",
      "<![CDATA[",
      "<constructor/>",
    ]) {
      assert.equal(refusal(body), "ABIQUO_BAD_BODY NOT_XML", body);
    }
  });

  it("says when there is no task in it", () => {
    for (const body of [
      "{}",
      "null",
      "1",
      '"task"',
      "true",
      "<a/>",
      "<task/>",
      "<task>text</task>",
      '{"collection":"x"}',
      '{"collection":null}',
    ]) {
      assert.equal(refusal(body), "ABIQUO_NO_TASK NO_TASK_ID", body);
    }
    for (const body of ["[]", '{"collection":[]}', "<tasks/>", "<tasks></tasks>", "<tasks>1</tasks>"])
      assert.equal(refusal(body), "ABIQUO_NO_TASK EMPTY", body);
    assert.equal(refusal(JSON.stringify({ collection: [{ taskId: "1" }, null] })), "ABIQUO_NO_TASK NO_LINKS");
  });

  it("loses no good task to a bad one, which is reported by its place", () => {
    const elsewhere = taskDto("c", { links: [{ rel: "self", href: "http://evil.example/login" }] });
    const body = parse({ collection: [taskDto("a"), null, { taskId: "b" }, elsewhere, taskDto("d"), { type: "DEPLOY" }] });
    assert.deepEqual(idsOf(body), ["a", "d"]);
    assert.deepEqual(body.problems, [
      { index: 1, taskId: "", code: "ABIQUO_BAD_TASK", problem: "NOT_AN_OBJECT" },
      { index: 2, taskId: "b", code: "ABIQUO_BAD_TASK", problem: "NO_LINKS" },
      { index: 3, taskId: "c", code: "ABIQUO_BAD_TASK", problem: "ABIQUO_BAD_LINK" },
      { index: 5, taskId: "", code: "ABIQUO_BAD_TASK", problem: "NO_TASK_ID" },
    ]);
  });

  it("gives a task once, however often it is in there", () => {
    const body = parse({ collection: [taskDto("a"), taskDto("b"), taskDto("a"), taskDto("a")] });
    assert.deepEqual([idsOf(body), body.problems], [["a", "b"], []]);
  });

  it("cannot reach the prototypes of objects", () => {
    const hostile = JSON.stringify(taskDto()).replace("{", '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},');
    assert.deepEqual(idsOf(parse(hostile)), ["task-1"]);
    for (const name of ["__proto__", "constructor", "prototype", "hasOwnProperty"]) {
      try {
        parse(taskXml("1", `<${name}><polluted>1</polluted></${name}>`));
      } catch (error) {
        assert.equal((error as { code?: string }).code, "ABIQUO_BAD_BODY");
      }
    }
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  });

  it("that a parser before us has read already is taken as well", () => {
    assert.deepEqual(idsOf(parseWebhookJson({ collection: [taskDto("a"), taskDto("b")] }, BASE)), ["a", "b"]);
    assert.equal(faultOf(() => parseWebhookJson(undefined, BASE)).code, "ABIQUO_NO_TASK");
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    assert.equal(faultOf(() => parseWebhookJson(taskDto("a", { deep }), BASE)).params["reason"], "TOO_DEEP");
  });
});

describe("a hostile body", () => {
  it("is refused when it declares a document type, whatever for", () => {
    const laughs = Array.from({ length: 9 }, (_, index) => `<!ENTITY l${index + 1} "${`&l${index};`.repeat(10)}">`).join("");
    for (const body of [
      `<!DOCTYPE task [<!ENTITY l0 "ha">${laughs}]>${taskXml("1", "<a>&l9;</a>")}`,
      `<?xml version="1.0"?><!DOCTYPE task SYSTEM "http://evil.example/x.dtd">${taskXml()}`,
      `<!doctype task [<!ENTITY x SYSTEM "file:///etc/passwd">]>${taskXml("1", "<a>&x;</a>")}`,
      `<!DOCTYPE task [<!ENTITY % p SYSTEM "http://evil.example/"> %p;]>${taskXml()}`,
    ]) {
      assert.equal(refusal(body), "ABIQUO_BAD_BODY DOCTYPE");
    }
  });

  it("is refused when it nests too deep, in no time", () => {
    withinSeconds(10, () => {
      assert.equal(refusal("[".repeat(SIXTEEN_MB)), "ABIQUO_BAD_BODY TOO_DEEP");
      assert.equal(refusal('{"a":'.repeat(1_000_000)), "ABIQUO_BAD_BODY TOO_DEEP");
      assert.equal(
        refusal(JSON.stringify(taskDto("1", { a: JSON.parse(`${"[".repeat(100)}${"]".repeat(100)}`) as unknown }))),
        "ABIQUO_BAD_BODY TOO_DEEP",
      );
      assert.equal(refusal(taskXml("1", `${"<a>".repeat(100)}${"</a>".repeat(100)}`)), "ABIQUO_BAD_BODY TOO_DEEP");
      assert.equal(refusal(`<tasks>${"<é>".repeat(200)}${"</é>".repeat(200)}</tasks>`), "ABIQUO_BAD_BODY TOO_DEEP");
      assert.match(refusal("<a>".repeat(1_000_000)), /^ABIQUO_BAD_BODY (NOT_XML|TOO_DEEP|TOO_MANY|TOO_LONG)$/);
    });
  });

  it("takes time in proportion to its size, whatever it repeats", () => {
    for (const piece of [
      "<a",
      "<!--",
      "<![CDATA[",
      "<?",
      "&",
      "&#38;",
      "<a b='",
      "<a =",
      "< ",
      '"',
      "</a",
      "<a\t",
      "a =",
      "<a/>",
      "\\u0000",
      '["',
    ]) {
      for (const start of ["<tasks>", "<tasks ", '{"a":"', "["]) {
        withinSeconds(5, () => refusal(start + piece.repeat(Math.floor(400_000 / piece.length))));
      }
    }
  });
});

describe("a large body", () => {
  it("of 5,000 tasks is read at once, in JSON and in XML", () => {
    withinSeconds(5, () => assert.equal(parse({ links: [], collection: many(5_000).map((id) => taskDto(id)) }).tasks.length, 5_000));
    withinSeconds(15, () =>
      assert.equal(
        parse(
          `<tasks>${many(5_000)
            .map((id) => taskXml(id))
            .join("")}</tasks>`,
        ).tasks.length,
        5_000,
      ),
    );
  });

  it("of 16 MB is read whole", () => {
    const filler = "x".repeat(3_000);
    const tasks = many(4_000).map((id) => taskDto(id, { filler }));
    const text = JSON.stringify({ collection: tasks });
    assert.ok(text.length > SIXTEEN_MB);
    withinSeconds(10, () => assert.equal(parse(text).tasks.length, 4_000));
  });

  it("keeps its entities, however many", () => {
    const xml = `<tasks>${many(2_000)
      .map((id) => taskXml(id, `<note>${"&amp;&#233;".repeat(50)}</note>`))
      .join("")}</tasks>`;
    const { tasks } = parse(xml);
    assert.equal(tasks.length, 2_000);
    assert.equal(tasks[1_999]?.payload["note"], "&é".repeat(50));
  });
});
