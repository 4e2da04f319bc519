import assert from "node:assert/strict";
import type { Browser, Locator, Page } from "playwright-core";
import { launchBrowser } from "./browser.ts";
import { closeDialog, faintTexts, openDialog, picture, reasons, showTab } from "./dialog.ts";
import { type Editor, type EditorPage, startEditor } from "./editor.ts";
import { CREDENTIALS, FLOW, PALETTE } from "./flow.ts";
import { laterDialog } from "./later-release.ts";

const NIGHT = { field: "time", op: "nin", value: '{"days":["Monday","friday"],"to":"20:00"}', valueType: "json", since: 2024 };
const ADMINS = { field: "task.requester", op: "nin", value: '["root","admin"]', valueType: "json" };
const COMMAS = { field: "task.requester", op: "in", value: ["a,b", "c"], valueType: "json" };
const OLD_RULES = [
  { id: "r1", when: [NIGHT, ADMINS, COMMAS], outcome: "cancel", reason: "At night", name: "Night" },
  { when: [], outcome: "review" },
  { name: "No conditions yet", outcome: "continue", reason: "" },
];
const OLD_LEVELS = [
  { name: "Manager", approvers: "ana@example.com;\nberta@example.com", need: "50 %", deadline: "120", onDeadline: "reject", note: "kept" },
  { name: "Owners", approvers: ["carla@example.com", "${OWNER}"], approversType: "str", deadline: 1 / 3 },
];
const OLD_CALENDAR = '{"days":"mon, tue","to":"17:00","note":"kept"}';
const PARTS = '["user", "disks"]';

let browser: Browser;
before(async () => {
  browser = await launchBrowser();
});
after(async () => {
  await browser.close();
});

for (const distribution of ["node-red-4", "node-red"] as const) {
  describe(`A dialog in ${distribution === "node-red" ? "Node-RED 5" : "Node-RED 4.1"} whose author changes one thing`, () => {
    let editor: Editor;
    let opened: EditorPage;
    let page: Page;
    let rules: Locator;
    let levels: Locator;

    before(async () => {
      editor = await startEditor(distribution, FLOW, CREDENTIALS, { ABIQUO_DEADLINE: "60" });
      opened = await editor.open(browser);
      page = opened.page;
      rules = page.locator("#node-input-rules-container > li");
      levels = page.locator("#node-input-levels-container > li");
    });
    after(async () => {
      await opened?.close();
      await editor?.stop();
    });
    afterEach(() => closeDialog(page, "cancel"));

    const set = (id: string, properties: object): Promise<void> =>
      page.evaluate(([node, changes]) => void Object.assign(RED.nodes.node(node)!, changes), [id, properties] as const);
    const stored = <T>(id: string, name: string): Promise<T> =>
      page.evaluate(([node, property]) => RED.nodes.node(node)![property], [id, name] as const) as Promise<T>;
    const isValid = (id: string): Promise<boolean> => page.evaluate((node) => RED.nodes.node(node)!.valid, id);
    /** Types into a typed input, as its own field passes it on. */
    const fillJson = async (field: Locator, text: string): Promise<void> => {
      await field.fill(text);
      await field.blur();
    };

    it("shows a stored rule for what it is, and changes of it only what was changed", async () => {
      await set("decision", { rules: OLD_RULES });
      await openDialog(page, "decision");
      const night = rules.nth(0).locator(".abiquo-condition");
      assert.deepEqual(
        await night
          .nth(0)
          .locator(".abiquo-value input[type=checkbox]")
          .evaluateAll((boxes) => boxes.map((box) => (box as HTMLInputElement).checked)),
        [true, false, false, false, true, false, false],
      );
      assert.equal(await night.nth(0).locator(".abiquo-from").inputValue(), "00:00");
      assert.equal(await night.nth(0).locator(".abiquo-to").inputValue(), "20:00");
      assert.equal(await night.nth(0).locator(".abiquo-zone").inputValue(), "");
      assert.equal(await night.nth(1).locator(".abiquo-list").inputValue(), "root, admin");
      const json = night.nth(2).getByRole("textbox", { name: "Condition as JSON" });
      assert.equal(await json.inputValue(), JSON.stringify(COMMAS));
      assert.ok(await rules.nth(1).locator(".abiquo-always").isChecked());
      assert.equal(await rules.nth(2).locator(".abiquo-problem").innerText(), "Add a condition, or tick “always”.");
      await picture(page, `${distribution}-stored-rules`);
      await rules.nth(0).locator(".abiquo-reason").fill("After eight");
      await closeDialog(page, "ok");
      assert.equal(
        JSON.stringify(await stored("decision", "rules")),
        JSON.stringify([{ ...OLD_RULES[0], reason: "After eight" }, ...OLD_RULES.slice(1)]),
      );

      await openDialog(page, "decision");
      await night.nth(0).locator(".abiquo-to").fill("21:00");
      await fillJson(json, '{"field":"task.requester","op":"eq","value":"c"}');
      await rules.nth(2).locator(".abiquo-always").check();
      await closeDialog(page, "ok");
      const [first, , third] = await stored<{ when: unknown }[]>("decision", "rules");
      assert.deepEqual(first?.when, [
        { ...NIGHT, value: { days: ["Monday", "friday"], to: "21:00" } },
        ADMINS,
        { field: "task.requester", op: "eq", value: "c" },
      ]);
      assert.deepEqual(third, { ...OLD_RULES[2], when: [] });
      assert.equal(await isValid("decision"), true);
    });

    it("says of which version it is from then on", async () => {
      await set("list", { version: undefined });
      await openDialog(page, "list");
      await page.locator("#node-input-name").fill("Renamed");
      await closeDialog(page, "ok");
      assert.equal(await stored("list", "version"), 1);
    });

    it("is told of a version that is not known, and leaves it", async () => {
      await set("list", { version: 2 });
      assert.match((await reasons(page, "list", {})).join(), /a newer version of this package/);
      await openDialog(page, "list");
      await page.locator("#node-input-name").fill("Renamed again");
      await closeDialog(page, "ok");
      assert.equal(await stored("list", "version"), 2);
      await set("list", { version: 1 });
    });

    it("never turns no day into every day", async () => {
      await set("decision", {
        rules: [{ name: "", when: [{ field: "time", op: "in", value: { days: ["mon"] } }], outcome: "continue", reason: "" }],
      });
      await openDialog(page, "decision");
      await rules.nth(0).locator(".abiquo-value input[type=checkbox]").first().uncheck();
      assert.equal(await rules.nth(0).locator(".abiquo-problem").innerText(), "Choose at least one day.");
      await closeDialog(page, "ok");
      assert.equal(await isValid("decision"), false);
    });

    it("never turns a rule whose last condition was removed into one that always matches", async () => {
      await set("decision", { rules: [{ name: "", when: [ADMINS], outcome: "continue", reason: "" }] });
      await openDialog(page, "decision");
      await rules.nth(0).locator(".abiquo-remove-condition").click();
      assert.equal(await rules.nth(0).locator(".abiquo-problem").innerText(), "Add a condition, or tick “always”.");
      await closeDialog(page, "ok");
      assert.equal(await isValid("decision"), false);
      assert.equal((await stored<{ when?: unknown }[]>("decision", "rules"))[0]?.when, undefined);
    });

    it("shows rules that are a text as this text, and gives way to rows once it is empty", async () => {
      for (const text of ["${ABIQUO_RULES}", JSON.stringify(OLD_RULES, null, 1)]) {
        await set("decision", { rules: text });
        await openDialog(page, "decision");
        const field = page.getByRole("textbox", { name: "Rules as JSON, or the variable that holds them" });
        assert.equal(await field.inputValue(), text.replace(/\n/g, ""));
        assert.equal(await rules.count(), 0);
        await fillJson(field, "[]");
        await closeDialog(page, "ok");
        assert.equal(await stored("decision", "rules"), "[]");
      }
      await set("decision", { rules: "${ABIQUO_RULES}" });
      await openDialog(page, "decision");
      await picture(page, `${distribution}-rules-as-text`);
      await fillJson(page.getByRole("textbox", { name: "Rules as JSON, or the variable that holds them" }), "");
      await page.locator(".red-ui-editableList-addButton").click();
      await rules.nth(0).locator(".abiquo-remove-condition").click();
      await rules.nth(0).locator(".abiquo-always").check();
      await rules.nth(0).locator(".abiquo-outcome").selectOption("review");
      await closeDialog(page, "ok");
      assert.deepEqual(await stored("decision", "rules"), [{ name: "", when: [], outcome: "review", reason: "" }]);
    });

    it("takes Node-RED's word for an expression, which this editor cannot judge", async () => {
      const rule = (value: string): object => ({
        name: "",
        when: [{ field: "", op: "jsonata", value, valueType: "jsonata" }],
        outcome: "review",
        reason: "",
      });
      for (const [expression, right] of [
        ['$eval("true")', false],
        ['task.requester ?? "nobody" = "ana"', true],
        ["/^(a+)+$/(task.requester) = true", false],
      ] as const) {
        await set("decision", { rules: [rule(expression)] });
        const answered = page.waitForResponse("**/abiquo-task-decision/check");
        await openDialog(page, "decision");
        await answered;
        await page.waitForFunction((shown) => ($(".abiquo-rule .abiquo-problem").css("display") === "none") === shown, right);
        await closeDialog(page, "ok");
        assert.equal(await isValid("decision"), right, expression);
      }
    });

    it("shows stored levels for what they are, and changes of them only what was changed", async () => {
      await set("approval", { levels: OLD_LEVELS });
      await openDialog(page, "approval");
      assert.equal(await levels.nth(0).locator(".red-ui-typedInput-input").first().inputValue(), "ana@example.com, berta@example.com");
      assert.equal(await levels.nth(0).locator(".abiquo-amount").inputValue(), "50");
      assert.equal(await levels.nth(0).locator(".abiquo-deadline").inputValue(), "2");
      const json = levels.nth(1).getByRole("textbox", { name: "Level as JSON" });
      assert.equal(await json.inputValue(), JSON.stringify(OLD_LEVELS[1]));
      await picture(page, `${distribution}-stored-levels`);
      await levels.nth(0).locator(".abiquo-deadline").fill("3");
      await closeDialog(page, "ok");
      assert.equal(
        JSON.stringify(await stored("approval", "levels")),
        JSON.stringify([{ ...OLD_LEVELS[0], deadline: 180 }, OLD_LEVELS[1]]),
      );
    });

    it("shows stored working hours for what they are, and changes of them only what was changed", async () => {
      await set("approval", { calendar: OLD_CALENDAR });
      await openDialog(page, "approval");
      await showTab(page, "Working time");
      assert.equal(await page.locator("#abiquo-approval-clock").inputValue(), "business");
      assert.equal(await page.locator("#abiquo-approval-from").inputValue(), "00:00");
      assert.equal(await page.locator("#abiquo-approval-to").inputValue(), "17:00");
      await page.locator("#abiquo-approval-to").fill("16:00");
      await closeDialog(page, "ok");
      assert.deepEqual(await stored("approval", "calendar"), { days: "mon, tue", to: "16:00", note: "kept" });

      await set("approval", { calendar: { days: "${WORKING_DAYS}", from: "08:00" } });
      await openDialog(page, "approval");
      await showTab(page, "Working time");
      const field = page.getByRole("textbox", { name: "Working hours as JSON, or the variable that holds them" });
      assert.equal(await field.inputValue(), '{"days":"${WORKING_DAYS}","from":"08:00"}');
      await picture(page, `${distribution}-working-hours-as-text`);
      await fillJson(field, '{"days":[1]}');
      await closeDialog(page, "ok");
      assert.deepEqual(await stored("approval", "calendar"), { days: [1] });
    });

    it("limits to whom votes may be handed, and keeps such a limit", async () => {
      await set("approval", { delegation: true });
      await openDialog(page, "approval");
      await showTab(page, "People");
      await page.locator("#abiquo-approval-delegates").fill("somewhere");
      assert.match(await page.locator("#abiquo-approval-delegates-problem").innerText(), /“somewhere” does not say to whom/);
      await page.locator("#abiquo-approval-delegates").fill("example.com, ana@example.org");
      await picture(page, `${distribution}-delegates`);
      await closeDialog(page, "ok");
      assert.equal(await stored("approval", "delegation"), "example.com, ana@example.org");
      assert.equal(await isValid("approval"), true);
      await openDialog(page, "approval");
      await showTab(page, "People");
      await page.locator("#abiquo-approval-delegation").uncheck();
      assert.equal(await page.locator("#abiquo-approval-delegates").isVisible(), false);
      await closeDialog(page, "ok");
      assert.equal(await stored("approval", "delegation"), false);
    });

    it("ticks the details that a text names, and saves a list once one is changed", async () => {
      await set("details", { include: PARTS });
      await openDialog(page, "details");
      await page.locator("#abiquo-details-include input[value=role]").check();
      await closeDialog(page, "ok");
      assert.deepEqual(await stored("details", "include"), ["user", "role", "disks"]);
    });

    it("shows no webhook where none is chosen, and not another for one that is gone", async () => {
      for (const endpoint of ["", "gone"]) {
        await set("configure", { endpoint, endpointType: "webhook", action: "enable" });
        await openDialog(page, "configure");
        assert.equal(await page.evaluate(() => $("#abiquo-configure-endpoint").typedInput("value")), endpoint);
        await closeDialog(page, "ok");
        assert.equal(await stored("configure", "endpoint"), endpoint);
        assert.equal(await isValid("configure"), false);
      }
      await set("configure", { endpoint: "webhook" });
    });

    it("keeps JSON fields readable, named and within the dialog, in both languages and themes", async () => {
      const plain = await editor.open(browser, { language: "es-ES", dark: distribution === "node-red" });
      try {
        await plain.page.evaluate(
          ([rules, levels]) => {
            RED.nodes.node("decision")!.rules = rules;
            Object.assign(RED.nodes.node("approval")!, { levels, calendar: { days: "${D}" } });
          },
          [OLD_RULES, OLD_LEVELS] as const,
        );
        for (const id of ["decision", "approval"]) {
          await openDialog(plain.page, id);
          if (id === "approval") await showTab(plain.page, "Niveles");
          await picture(plain.page, `${distribution}-spanish-json-${id}`);
          if (distribution === "node-red") assert.deepEqual(await faintTexts(plain.page), [], id);
          assert.ok((await plain.page.locator(".abiquo-form").evaluate((form) => form.scrollWidth - form.clientWidth)) <= 1, id);
          const names = await plain.page
            .locator(".abiquo-json + .red-ui-typedInput-container .red-ui-typedInput-input")
            .evaluateAll((fields) => fields.map((field) => field.getAttribute("aria-label")));
          assert.ok(names.length > 0 && names.every((name) => name?.includes("JSON")), String(names));
          await closeDialog(plain.page, "cancel");
        }
        assert.deepEqual(plain.complaints, []);
      } finally {
        await plain.close();
      }
    }).timeout(120_000);
  });

  describe(`A new node in ${distribution === "node-red" ? "Node-RED 5" : "Node-RED 4.1"}`, () => {
    let editor: Editor;
    let opened: EditorPage;
    let page: Page;

    before(async () => {
      const flows = FLOW.filter(({ id }) => ["flow", "connection", "store"].includes(id));
      editor = await startEditor(distribution, flows, CREDENTIALS);
      opened = await editor.open(browser);
      page = opened.page;
    });
    after(async () => {
      await opened?.close();
      await editor?.stop();
    });
    afterEach(() => closeDialog(page, "cancel"));

    /** Drags a type from the palette into the flow, and answers with the id of the new node. */
    async function drag(type: string): Promise<string> {
      const entry = page.locator(`[data-palette-type='${type}']`);
      await entry.scrollIntoViewIfNeeded();
      const from = await entry.boundingBox();
      const to = await page.locator("#red-ui-workspace-chart").boundingBox();
      assert.ok(from && to);
      await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
      await page.mouse.down();
      await page.mouse.move(to.x + 300, to.y + 200, { steps: 8 });
      await page.mouse.up();
      await page.waitForFunction((wanted) => RED.nodes.filterNodes({ type: wanted }).length === 1, type);
      return page.evaluate((wanted) => RED.nodes.filterNodes({ type: wanted })[0]!.id, type);
    }
    const properties = (id: string): Promise<Record<string, unknown>> =>
      page.evaluate((node) => {
        const found = RED.nodes.node(node)!;
        return Object.fromEntries(Object.keys(found._def.defaults).map((name) => [name, found[name]]));
      }, id);

    it("is left by Done as it came from the palette, and none would decide anything", async () => {
      const found: Record<string, Record<string, unknown>> = {};
      for (const type of PALETTE) {
        const id = await drag(type);
        const before = await properties(id);
        await openDialog(page, id);
        await closeDialog(page, "ok");
        // Node-RED itself fills in a connection where there is only one.
        found[type] = await properties(id);
        assert.deepEqual({ ...found[type], connection: "" }, { ...before, connection: "" }, type);
        await page.evaluate((node) => void RED.nodes.remove(node), id);
      }
      const { rules, otherwise } = found["abiquo-task-decision"]!;
      assert.deepEqual({ rules, otherwise }, { rules: [], otherwise: "review" });
      const { levels, noApprover, allowSelfApproval } = found["abiquo-approval"]!;
      assert.deepEqual({ noApprover, allowSelfApproval }, { noApprover: "keep", allowSelfApproval: false });
      assert.deepEqual(
        (levels as { approvers: unknown; onDeadline: unknown }[]).map(({ approvers, onDeadline }) => ({ approvers, onDeadline })),
        [{ approvers: "", onDeadline: "wait" }],
      );
      assert.equal(found["abiquo-configure-workflow"]!["action"], "read");
      assert.equal(found["abiquo-webhook-in"]!["auth"], "secret");
    });

    it("works as it came from the palette, where the editor finds nothing wrong with it", async () => {
      const flow = FLOW.filter(({ id }) => ["flow", "connection", "store"].includes(id));
      const fresh: { readonly node: ExportedNode; readonly isValid: boolean }[] = [];
      for (const type of PALETTE) {
        const id = await drag(type);
        fresh.push(
          await page.evaluate((wanted) => {
            const node = RED.nodes.node(wanted)!;
            RED.editor.validateNode(node);
            return { node: RED.nodes.createExportableNodeSet([node])[0]!, isValid: node.valid };
          }, id),
        );
        await page.evaluate((node) => void RED.nodes.remove(node), id);
      }
      const before = editor.logs().length;
      await editor.deploy([...flow, ...fresh.map(({ node }) => ({ ...node, z: "flow" }))]);
      const log = editor.logs().slice(before);
      const valid = fresh.filter(({ isValid }) => isValid).map(({ node }) => node);
      assert.ok(valid.length > 0);
      assert.deepEqual(
        valid.filter(({ id, type }) => log.includes(`[error] [${type}:${id}]`)).map(({ type }) => type),
        [],
      );
      await editor.deploy(flow);
    });

    it("that is a configuration says what it lacks", async () => {
      for (const [type, complete] of [
        ["abiquo-config", false],
        ["abiquo-store", true],
      ] as const) {
        await page.evaluate((wanted) => RED.editor.editConfig("", wanted, "_ADD_"), type);
        await page.locator(".red-ui-tray .abiquo-form").waitFor();
        await closeDialog(page, "ok");
        const added = await page.evaluate((wanted) => {
          const found: EditorNode[] = [];
          RED.nodes.eachConfig((node) => void (node.type === wanted && !["connection", "store"].includes(node.id) && found.push(node)));
          return found.map((node) => ({
            valid: node.valid,
            own: Object.keys(node._def.defaults).map((name) => String(node[name] ?? "")),
            defaults: Object.keys(node._def.defaults).map((name) => String(node._def.defaults[name]?.value ?? "")),
          }));
        }, type);
        assert.equal(added.length, 1, type);
        assert.deepEqual(added[0]!.own, added[0]!.defaults, type);
        assert.equal(added[0]!.valid, complete, type);
      }
    });

    it("decides nothing by a new rule before its author says what, and is refused by Node-RED until then", async () => {
      const id = await drag("abiquo-task-decision");
      await openDialog(page, id);
      await page.locator(".red-ui-editableList-addButton").click();
      const rule = page.locator("#node-input-rules-container > li").first();
      assert.equal(await rule.locator(".abiquo-field").inputValue(), "");
      assert.equal(await rule.locator(".abiquo-outcome").inputValue(), "");
      assert.equal(await rule.locator(".abiquo-problem").innerText(), "Choose what to look at. Choose an outcome.");
      await picture(page, `${distribution}-new-rule`);
      await closeDialog(page, "ok");
      const node = (): Promise<{ valid: boolean; rules: unknown }> =>
        page.evaluate((wanted) => {
          const { valid, rules } = RED.nodes.node(wanted)!;
          return { valid, rules };
        }, id);
      assert.equal((await node()).valid, false);
      // Whoever deploys in spite of the warning gets a node that does nothing.
      const refused = editor.logs().length;
      const [flow] = (await editor.flows()).filter(({ id: own }) => own === "flow");
      const deployed = {
        id,
        type: "abiquo-task-decision",
        z: "flow",
        name: "",
        connection: "",
        rulesFrom: "node",
        rules: (await node()).rules,
        otherwise: "continue",
        scope: "task",
        wires: [[], [], []],
      };
      await editor.deploy([flow!, deployed]);
      assert.match(editor.logs().slice(refused), new RegExp(`\\[error\\] \\[abiquo-task-decision:${id}\\]`));

      await openDialog(page, id);
      await rule.locator(".abiquo-field").selectOption("task.type");
      await rule.locator(".abiquo-outcome").selectOption("continue");
      await closeDialog(page, "ok");
      assert.equal((await node()).valid, false, "the type is still to be chosen");
      await openDialog(page, id);
      await rule.locator(".abiquo-value select").selectOption("UNDEPLOY");
      await closeDialog(page, "ok");
      assert.deepEqual(await node(), {
        valid: true,
        rules: [
          { name: "", when: [{ field: "task.type", op: "eq", value: "UNDEPLOY", valueType: "str" }], outcome: "continue", reason: "" },
        ],
      });
    });
  });
}

describe("A dialog of a later release, for a node that an earlier one wrote", () => {
  /** Dozens became single tasks. */
  const STEPS = "[(old) => ({ ...old, limit: Number(old.limit ?? 0) * 12 })]";
  const OLD = { type: "abiquo-list-pending", z: "flow", connection: "connection", scope: "all", limit: "2", emit: "list", wires: [[]] };
  let editor: Editor;
  let opened: EditorPage;
  let page: Page;

  before(async () => {
    editor = await startEditor("node-red", FLOW, CREDENTIALS);
    opened = await editor.open(browser);
    page = opened.page;
    await page.addScriptTag({ content: await laterDialog("list-pending", STEPS) });
    await page.evaluate(
      (nodes) => RED.nodes.import(nodes),
      ["old", "wrong", "present"].map((id, index) => ({
        ...OLD,
        id,
        x: 100,
        y: 400 + 40 * index,
        ...(id === "wrong" ? { limit: -1 } : {}),
        ...(id === "present" ? { version: 2 } : {}),
      })),
    );
  });
  after(async () => {
    await opened?.close();
    await editor?.stop();
  });
  afterEach(() => closeDialog(page, "cancel"));

  const exported = (id: string): Promise<Record<string, unknown>> =>
    page.evaluate((wanted) => JSON.parse(JSON.stringify(RED.nodes.createExportableNodeSet([RED.nodes.node(wanted)])[0])), id);
  const limit = (): Locator => page.locator("#node-input-limit");

  it("judges it as the node would read it", async () => {
    assert.deepEqual(await reasons(page, "old", {}), []);
    assert.match((await reasons(page, "wrong", {})).join(), /whole number/);
  });

  it("shows what it means, and leaves it byte for byte where nothing is changed", async () => {
    const before = JSON.stringify(await exported("old"));
    for (const how of ["cancel", "ok"] as const) {
      await openDialog(page, "old");
      assert.equal(await limit().inputValue(), "24");
      await closeDialog(page, how);
    }
    assert.equal(JSON.stringify(await exported("old")), before);
    assert.equal(await page.evaluate(() => RED.nodes.node("old")?.["changed"]), false);
  });

  it("saves all of it as it is meant now, with the version, where something is changed", async () => {
    await openDialog(page, "old");
    await page.locator("#node-input-name").fill("Two dozen");
    await closeDialog(page, "ok");
    const { name, limit: saved, version } = await exported("old");
    assert.deepEqual({ name, saved, version }, { name: "Two dozen", saved: 24, version: 2 });
    await openDialog(page, "old");
    assert.equal(await limit().inputValue(), "24");
  });

  it("takes one of its own version as it stands", async () => {
    await openDialog(page, "present");
    assert.equal(await limit().inputValue(), "2");
  });
});
