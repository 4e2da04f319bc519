import assert from "node:assert/strict";
import fc from "fast-check";
import { parseWebhook, parseWebhookInTurns, parseWebhookJson } from "../../../nodes/lib/abiquo/index.ts";
import { Fault } from "../../../nodes/lib/base/fault.ts";
import { BASE, bytes, faultOf, taskDto, taskXml } from "./support.ts";

/** More than a body that is parsed in one go. */
const LONG = 140_000;

function reasonOf(text: string): string {
  const { code, params } = faultOf(() => parseWebhook(bytes(text), BASE));
  return `${code} ${params["reason"] ?? params["problem"] ?? ""}`;
}

/** What comes of a body: its tasks and its problems, or why it is refused. */
function outcomeOf(text: string): unknown {
  try {
    return parseWebhook(bytes(text), BASE);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return error.params["reason"] ?? error.params["problem"];
  }
}

const tricky = fc.oneof(
  fc.string(),
  fc.constantFrom('"', "\\", '\\"', "[", "]", "{", "}", ",", '"collection":[', "</task>", "<task>", "]]>", "-->", "'"),
);
const payload = fc.record({ note: tricky, more: fc.array(fc.oneof(tricky, fc.constant({ collection: [[]] })), { maxLength: 3 }) });
const dto = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.nat(9), payload).map(([number, extra]) => taskDto(`task-${number}`, extra)) },
  fc.constantFrom<unknown>({}, null, 7, "x", [], [taskDto()], { taskId: "no-links" }),
);
const blanks = " ".repeat(LONG);

const xmlText = (text: string): string =>
  text.replace(/[<>&"'\p{C}]/gu, (mark) => ((mark.codePointAt(0) ?? 0) < 0x20 || /\p{C}/u.test(mark) ? "" : `&#${mark.charCodeAt(0)};`));
const xmlTask = fc
  .tuple(
    fc.nat(9),
    tricky,
    fc.constantFrom(
      "",
      "<!-- </task><task> -->",
      "<note><![CDATA[</task> <task>]]></note>",
      '<note at="</task> />">x</note>',
      "<?pi <task> ?>",
      "<task/>",
    ),
  )
  .map(([number, note, extra]) => taskXml(`task-${number}`, `<note>${xmlText(note)}</note>${extra}`));
const xmlPart = fc.oneof(
  { weight: 4, arbitrary: xmlTask },
  fc.constantFrom("<task/>", "<link rel='x' href='y'/>", "text", "<!-- <task> -->", "<totalSize>1</totalSize>"),
);
const comments = `<!--${" ".repeat(30_000)}-->`.repeat(Math.ceil(LONG / 30_000));

describe("a long body", () => {
  it("in JSON brings what a short one with the same tasks brings", () => {
    const frames = fc.constantFrom<[string, string]>(
      ["[", "]"],
      ['{"collection":[', "]}"],
      ['{"links":[{"rel":"x","href":"]"}],"totalSize":1, "collection" : [', '],"more":{"a":[1]}}'],
      ['{"collection":[', '],"collection":1}'],
      ["[", "}"],
      ["[", "]]"],
      ["[", ""],
    );
    fc.assert(
      fc.property(fc.array(dto, { maxLength: 6 }), frames, fc.constantFrom(",", ",,", " , "), (tasks, [open, close], comma) => {
        const list = tasks.map((task) => JSON.stringify(task)).join(comma);
        assert.deepEqual(outcomeOf(`${open}${blanks}${list}${close}`), outcomeOf(`${open}${list}${close}`));
      }),
      { numRuns: 600 },
    );
  });

  it("in XML brings what a short one with the same tasks brings", () => {
    const frames = fc.constantFrom<[string, string]>(
      ["<tasks>", "</tasks>"],
      ['<?xml version="1.0"?><!-- x --><tasks totalSize=">">', "</tasks>"],
      ["<x:tasks xmlns:x='y'>", "</x:tasks><!-- end -->"],
      ["<tasks>", "</tasks><tasks/>"],
      ["<tasks>", "</task>"],
      ["<tasks>", ""],
    );
    fc.assert(
      fc.property(fc.array(xmlPart, { maxLength: 6 }), frames, (parts, [open, close]) => {
        const list = parts.join("\n");
        const { tasks, problems, ...rest } = outcomeOf(`${open}${comments}${list}${close}`) as {
          tasks?: unknown;
          problems?: { problem: string }[];
        };
        const short = outcomeOf(`${open}${list}${close}`) as { tasks?: unknown; problems?: { problem: string }[] };
        if (typeof short === "string") return;
        assert.deepEqual(tasks, short.tasks);
        assert.deepEqual(
          problems?.map(({ problem }) => problem),
          short.problems?.map(({ problem }) => problem),
        );
        assert.deepEqual(rest, { moreProblems: 0, collection: true });
      }),
      { numRuns: 600 },
    );
  });

  it("keeps its tasks in their order, thousands of them", () => {
    const ids = Array.from({ length: 3_000 }, (_, index) => `task-${index}`);
    for (const text of [
      JSON.stringify({ collection: ids.map((id) => taskDto(id)) }),
      JSON.stringify(ids.map((id) => taskDto(id))),
      `<tasks>${ids.map((id) => taskXml(id)).join("")}</tasks>`,
    ]) {
      assert.deepEqual(
        parseWebhook(bytes(text), BASE).tasks.map(({ task }) => task.taskId),
        ids,
      );
    }
  });

  for (const [name, text] of [
    ["in JSON", `[${Array.from({ length: 5_000 }, (_, index) => JSON.stringify(taskDto(`t${index}`))).join()}]`],
    ["in XML", `<tasks>${Array.from({ length: 2_000 }, (_, index) => taskXml(`t${index}`)).join("")}</tasks>`],
  ] as const) {
    it(`${name} lets others have their turn before it is read to its end`, async () => {
      const happened: string[] = [];
      const reading = parseWebhookInTurns(bytes(text), BASE).then(() => happened.push("read"));
      setImmediate(() => happened.push("another's turn"));
      await reading;
      assert.deepEqual(happened, ["another's turn", "read"]);
    });
  }
});

describe("a body that is more than any of Abiquo's", () => {
  const good = JSON.stringify(taskDto());
  const many = (text: string, count: number): string => Array.from({ length: count }, () => text).join();

  for (const [name, text, reason] of [
    ["a task and 200,000 objects", `[${good},${many("{}", 200_000)}]`, "TOO_MANY"],
    ["a collection of 20,001 tasks", `{"collection":[${many("{}", 20_001)}]}`, "TOO_MANY"],
    ["a task with 20,001 links", `{"taskId":"a","links":[${many("{}", 20_001)}]}`, "TOO_MANY"],
    ["16 MB of empty elements", `<tasks>${"<task/>".repeat(2_300_000)}</tasks>`, "TOO_MANY"],
    ["an element of 20,001 tags", `<task>${"<a/>".repeat(20_001)}</task>`, "TOO_MANY"],
    ["an element of 20,001 attributes", `<task ${'a="" '.repeat(20_001)}/>`, "TOO_MANY"],
    ["a type of 15 MB", JSON.stringify(taskDto("a", { type: "x".repeat(15_000_000) })), "TOO_LONG"],
    ["a type of 15 MB in XML", `<task><type>${"x".repeat(15_000_000)}</type></task>`, "TOO_LONG"],
    ["an attribute of 15 MB", `<task><link rel="${"x".repeat(15_000_000)}"/></task>`, "TOO_LONG"],
    ["15 MB of brackets in an attribute", `<tasks a="${">".repeat(15_000_000)}"/>`, "TOO_LONG"],
    ["one task of 2 MB", `{"taskId":"a","list":[${many(`"${"x".repeat(60_000)}"`, 40)}]}`, "TOO_LONG"],
  ] as const) {
    it(`is refused: ${name}`, () => {
      assert.equal(reasonOf(text), `ABIQUO_BAD_BODY ${reason}`);
    });
  }

  it("is refused as well when somebody else has parsed it", () => {
    const read = (value: unknown) => (): unknown => parseWebhookJson(value, BASE);
    assert.equal(faultOf(read(Array.from({ length: 20_001 }, () => ({})))).params["reason"], "TOO_MANY");
    assert.equal(faultOf(read(taskDto("a", { note: "x".repeat(65_537) }))).params["reason"], "TOO_LONG");
  });

  it("is taken at the bounds", () => {
    const tasks = [taskDto(), ...Array.from({ length: 19_999 }, () => ({}))];
    const read = parseWebhook(bytes(JSON.stringify(tasks)), BASE);
    assert.deepEqual([read.tasks.length, read.problems.length, read.moreProblems], [1, 100, 19_899]);
    assert.equal(parseWebhook(bytes(JSON.stringify(taskDto("a", { note: "x".repeat(65_000) }))), BASE).tasks.length, 1);
  });

  for (const field of ["type", "state", "userId", "ownerId"]) {
    it(`holds no task whose ${field} has more than 256 characters`, () => {
      assert.equal(parseWebhook(bytes(JSON.stringify(taskDto("a", { [field]: "x".repeat(256) }))), BASE).tasks.length, 1);
      assert.equal(reasonOf(JSON.stringify(taskDto("a", { [field]: "x".repeat(257) }))), "ABIQUO_NO_TASK TOO_LONG");
    });
  }

  it("holds no task whose requester has more than 256 characters", () => {
    const links = (title: string): Record<string, unknown> => ({
      links: [...(taskDto()["links"] as object[]).slice(0, -1), { rel: "user", href: "/admin/enterprises/1/users/2", title }],
    });
    assert.equal(parseWebhook(bytes(JSON.stringify(taskDto("task-1", links("x".repeat(256))))), BASE).tasks.length, 1);
    assert.equal(reasonOf(JSON.stringify(taskDto("task-1", links("x".repeat(257))))), "ABIQUO_NO_TASK TOO_LONG");
  });
});
