import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLedger } from "../../nodes/lib/ledger/index.ts";
import { type CommandResult, runCommand } from "./command.ts";
import { ROOT } from "./tarball.ts";

const COMMAND = join(ROOT, "dist", "cli", "abiquo-rules.js");

describe("The command abiquo-rules", () => {
  let folder: string;
  const path = (name: string): string => join(folder, name);
  const write = (name: string, content: unknown): void =>
    writeFileSync(path(name), typeof content === "string" ? content : JSON.stringify(content, null, 2));

  const run = (parameters: string[], lang = "C"): Promise<CommandResult> => runCommand(COMMAND, folder, parameters, { LANG: lang });

  const deploys = { name: "Deploys", when: [{ field: "task.type", op: "eq", value: "DEPLOY" }], outcome: "continue" };

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "abiquo-rules-"));
    write("rules.json", { rules: [deploys] });
    write("old.json", { rules: [{ ...deploys, outcome: "cancel" }] });
    write("bad.json", '[\n  { "name": "Deploys", "when": [], "outcome": "go" }\n]');
    write(
      "tasks.ndjson",
      ["DEPLOY", "UNDEPLOY"]
        .map((type, at) => JSON.stringify({ abiquo: { task: { taskId: `t${at}`, type, requester: "ana" } } }))
        .join("\n"),
    );
  });
  after(() => rmSync(folder, { recursive: true }));

  it("checks rules, and ends with 0", async () => {
    const { code, out } = await run(["check", "rules.json"]);
    assert.equal(code, 0);
    assert.equal(out, "rules.json: the rules can be used (1).\n");
  });

  it("names rules that never decide", async () => {
    write("twice.json", [deploys, { ...deploys, name: "" }]);
    const { code, out } = await run(["check", "twice.json"]);
    assert.equal(code, 0);
    assert.match(out, /^twice\.json: rule 2: never decides: rule “Deploys” matches whenever this one does\n/);
  });

  it("ends with 1 for a rule that never decides where CI asks it to, and with 0 for rules that all decide", async () => {
    write("covered.json", [deploys, { ...deploys, name: "again" }]);
    const checked = await run(["check", "covered.json", "--strict"]);
    assert.deepEqual(
      [checked.code, checked.out],
      [1, "covered.json: rule “again”: never decides: rule “Deploys” matches whenever this one does\n"],
    );
    const tried = await run(["try", "covered.json", "--tasks", "tasks.ndjson", "--strict", "--json"]);
    assert.equal(tried.code, 1);
    assert.match(tried.err, /rule “again”: never decides/);
    assert.equal((JSON.parse(tried.out) as { tasks: unknown[] }).tasks.length, 2);
    assert.equal((await run(["check", "rules.json", "--strict"])).code, 0);
    assert.equal((await run(["try", "covered.json", "--tasks", "tasks.ndjson"])).code, 0);
  });

  for (const [what, name, content] of [
    ["an empty file", "empty.ndjson", ""],
    ["an empty list", "empty.json", "[]"],
  ] as const) {
    it(`ends with 2 when there is no task to try the rules on: ${what}`, async () => {
      write(name, content);
      const { code, out, err } = await run(["try", "rules.json", "--tasks", name]);
      assert.deepEqual([code, out], [2, ""]);
      assert.match(err, /^There is no task in empty\./);
    });
  }

  it("evaluates expressions, and ends by itself", async () => {
    write("expression.json", [
      { name: "Ana", when: [{ op: "jsonata", value: "$contains(task.requester, /^an/)", field: "" }], outcome: "continue" },
    ]);
    const { code, out } = await run(["try", "expression.json", "--tasks", "tasks.ndjson"]);
    assert.equal(code, 0);
    assert.match(out, /Continue: 2,/);
  });

  for (const command of [
    ["check", "bad.json"],
    ["try", "bad.json", "--tasks", "tasks.ndjson"],
    ["try", "rules.json", "--tasks", "tasks.ndjson", "--against", "bad.json"],
  ]) {
    it(`points at what is wrong by line, column and rule, and ends with 2: ${command.join(" ")}`, async () => {
      const { code, err } = await run(command);
      assert.equal(code, 2);
      assert.equal(err, "bad.json:2:47: rule “Deploys”: “go” is no outcome; use continue, cancel or review\n");
    });
  }

  it("tells outcome, rule and facts of each task, and ends with 0", async () => {
    const { code, out } = await run(["try", "rules.json", "--tasks", "tasks.ndjson"]);
    assert.equal(code, 0);
    assert.deepEqual(out.split("\n"), [
      "  t0 DEPLOY ana continue: rule “Deploys” [task.type=DEPLOY]",
      "  t1 UNDEPLOY ana review: no rule matches [task.type=UNDEPLOY]",
      "Tasks: 2. Continue: 1, cancel: 0, review: 1.",
      "",
    ]);
  });

  it("marks what differs from other rules, and ends with 1 only then", async () => {
    const differs = await run(["try", "rules.json", "--tasks", "tasks.ndjson", "--against", "old.json"]);
    assert.equal(differs.code, 1);
    assert.match(differs.out, /^\* t0 DEPLOY ana cancel -> continue: /);
    assert.match(differs.out, /Other outcome than with old\.json: 1\.\n$/);
    assert.equal((await run(["try", "rules.json", "--tasks", "tasks.ndjson", "--against", "rules.json"])).code, 0);
  });

  it("gives the result to programs as JSON", async () => {
    const { code, out } = await run(["try", "rules.json", "--tasks", "tasks.ndjson", "--against", "old.json", "--json"]);
    assert.equal(code, 1);
    const { tasks, counts, differing } = JSON.parse(out) as { tasks: Record<string, unknown>[]; counts: object; differing: number };
    assert.deepEqual(
      tasks.map(({ outcome, rule, differs }) => [outcome, rule, differs]),
      [
        ["continue", "Deploys", true],
        ["review", undefined, false],
      ],
    );
    assert.deepEqual(counts, { continue: 1, cancel: 0, review: 1 });
    assert.equal(differing, 1);
  });

  it("tries rules on the newest tasks of a ledger, and changes nothing in it", async () => {
    const file = path("abiquo-workflow.sqlite");
    const ledger = await openLedger({ engine: "sqlite", file });
    const received = ["a", "b", "c"].map((taskId, at) => ({
      api: "http://abiquo/api",
      taskId,
      connection: "c",
      source: "n",
      group: { id: taskId, index: 0, count: 1 },
      receivedAt: 1_000 + at,
      summary: JSON.stringify({ taskId, type: "DEPLOY", requester: "ana" }),
      links: "{}",
      payload: "{}",
    }));
    await ledger.receive(received);
    await ledger.close();
    const before = readFileSync(file);
    const { code, out } = await run(["try", "rules.json", "--ledger", file, "--last", "2"]);
    assert.equal(code, 0);
    assert.match(out, /^ {2}c DEPLOY ana continue: .*\n {2}b DEPLOY ana continue: .*\nTasks: 2\./);
    assert.ok(readFileSync(file).equals(before));
  });

  it("reads a ledger beside the Node-RED that works with it, and leaves one of an older version as it is", async () => {
    const file = path("live.sqlite");
    const ledger = await openLedger({ engine: "sqlite", file });
    try {
      const { code, err } = await run(["try", "rules.json", "--ledger", file]);
      assert.equal(code, 2);
      assert.match(err, /^There is no task in /);
    } finally {
      await ledger.close();
    }
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(file);
    database.exec("DELETE FROM kysely_migration WHERE name = (SELECT max(name) FROM kysely_migration)");
    database.close();
    const before = readFileSync(file);
    const { code, err } = await run(["try", "rules.json", "--ledger", file]);
    assert.equal(code, 2);
    assert.match(err, /older version/);
    assert.ok(readFileSync(file).equals(before));
  });

  it("ends with 2 and says what to do when it is not understood", async () => {
    const cases: [string[], RegExp][] = [
      [["frob", "rules.json"], /Use --help/],
      [["try"], /Use --help/],
      [["check", "rules.json", "--frob"], /--frob is not understood/],
      [["check", "none.json"], /none\.json cannot be read \(ENOENT\)/],
      [["try", "rules.json"], /--tasks or --ledger/],
      [["try", "rules.json", "--ledger", "none.sqlite"], /none\.sqlite cannot be read/],
      [["try", "rules.json", "--ledger", "x", "--last", "many"], /--last must be a whole number/],
      [["check", "rules.json", "--scope", "all"], /“all” is not a scope/],
    ];
    for (const [parameters, said] of cases) {
      const { code, err } = await run(parameters);
      assert.equal(code, 2, parameters.join(" "));
      assert.match(err, said);
      assert.doesNotMatch(err, / at .*\.js/);
    }
    write("broken.ndjson", '{"taskId":"a"}\n{');
    assert.match((await run(["try", "rules.json", "--tasks", "broken.ndjson"])).err, /line 2 is none/);
    write("strange.json", [{ taskId: "a" }, {}]);
    assert.match((await run(["try", "rules.json", "--tasks", "strange.json"])).err, /Record 2 in strange\.json is no task/);
  });

  it("speaks the language of LANG, with help in lines that fit a terminal", async () => {
    assert.match((await run(["check", "rules.json"], "es_ES.UTF-8")).out, /las reglas se pueden usar/);
    for (const lang of ["es", "es-ES", "es_ES.UTF-8", "ES"])
      assert.match((await run(["check", "rules.json", "--lang", lang])).out, /las reglas se pueden usar/, lang);
    assert.match((await run(["check", "rules.json", "--lang", "en-GB"], "es_ES.UTF-8")).out, /the rules can be used/);
    const unknown = await run(["check", "rules.json", "--lang", "fr"]);
    assert.deepEqual([unknown.code, unknown.err], [2, "“fr” is not a language of this command; use one of: en, es\n"]);
    for (const lang of ["en_GB.UTF-8", "es_ES.UTF-8", "xx"]) {
      const { code, out } = await run(["--help"], lang);
      assert.equal(code, 0);
      assert.deepEqual(
        out.split("\n").filter((line) => line.length > 100),
        [],
      );
      for (const option of ["tasks", "ledger", "last", "against", "otherwise", "scope", "strict", "json", "lang", "help"])
        assert.match(out, new RegExp(`--${option}\\b`));
    }
  });

  it("comes with the schema of its rules, under a name that editors can be given", () => {
    const schema = createRequire(join(ROOT, "package.json")).resolve("@abiquo-workflow/node-red-abiquo/rules.schema.json");
    assert.equal((JSON.parse(readFileSync(schema, "utf8")) as { $schema: string }).$schema, "https://json-schema.org/draft/2020-12/schema");
  });
});
