import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { launchBrowser } from "./browser.ts";
import { type Editor, type EditorPage, startEditor } from "./editor.ts";

const DEPLOYS = {
  name: "Deploys",
  when: [{ field: "task.type", op: "eq", value: "DEPLOY", valueType: "str" }],
  outcome: "review",
  reason: "",
};

interface StoredRule {
  readonly when: readonly { readonly value: unknown }[];
}

const flowOn = (url: string): object[] => [
  { id: "flow", type: "tab", label: "Rules" },
  {
    id: "connection",
    type: "abiquo-config",
    name: "Abiquo",
    url,
    apiVersion: "",
    auth: "oauth1",
    tls: "",
    proxy: "",
    timeout: 5,
    publicUrl: "",
    trustedProxies: "",
    store: "",
    pace: 0,
  },
  {
    id: "hook",
    type: "abiquo-webhook-in",
    z: "flow",
    name: "",
    connection: "connection",
    path: "/abiquo/workflow",
    auth: "none",
    allowFrom: "",
    emit: "task",
    maxBody: 16,
    verify: false,
    x: 150,
    y: 120,
    wires: [["decision"]],
  },
  {
    id: "decision",
    type: "abiquo-task-decision",
    z: "flow",
    name: "",
    connection: "connection",
    rulesFrom: "node",
    rulesFile: "",
    rulesProperty: "rules",
    rules: [DEPLOYS],
    otherwise: "review",
    scope: "task",
    x: 370,
    y: 120,
    wires: [[], [], []],
  },
];

let browser: Browser;
before(async () => {
  browser = await launchBrowser();
});
after(async () => {
  await browser.close();
});

/** Pictures for the eye, where ABIQUO_SCREENSHOTS names a folder. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env["ABIQUO_SCREENSHOTS"];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

for (const distribution of ["node-red-4", "node-red"] as const) {
  describe(`The rules editor in ${distribution === "node-red" ? "Node-RED 5" : "Node-RED 4.1"}`, () => {
    let abiquo: SimulatedAbiquo;
    let editor: Editor;
    let opened: EditorPage;
    let page: Page;
    let rules: Locator;

    before(async () => {
      abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/" });
      editor = await startEditor(distribution, flowOn(abiquo.url), { connection: { ...abiquo.credentials.oauth } });
      abiquo.setEndpoint(`${editor.url}abiquo/workflow`);
      await abiquo.submit({ count: 2 });
      await abiquo.submit({ type: "UNDEPLOY" });
      opened = await editor.open(browser);
      page = opened.page;
      rules = page.locator("#node-input-rules-container > li");
    });
    after(async () => {
      await opened?.close();
      await editor?.stop();
      await abiquo?.close();
    });

    const open = async (on: Page = page): Promise<void> => {
      await on.evaluate(() => RED.editor.edit(RED.nodes.node("decision")!));
      await on.locator(".red-ui-tray .abiquo-form").waitFor();
      await on.waitForFunction("!$('.red-ui-tray').is(':animated')");
    };
    /** Node-RED ignores a click while its tray still slides in, so the click is repeated. */
    const close = async (how: "ok" | "cancel", on: Page = page): Promise<void> => {
      const tray = on.locator(".red-ui-tray");
      for (let attempt = 0; attempt < 40 && (await tray.count()) > 0; attempt++) {
        await on.evaluate((name) => $(`#node-dialog-${name}`).first().trigger("click"), how);
        await tray.waitFor({ state: "detached", timeout: 300 }).catch(() => undefined);
      }
      assert.equal(await tray.count(), 0, "the dialog closes");
    };
    /** Adds a rule whose one condition is on this field, and answers with its row. */
    const add = async (name: string, field: string, op: string): Promise<Locator> => {
      const row = rules.nth(await rules.count());
      await page.locator(".red-ui-editableList-addButton").click();
      await row.locator(".abiquo-rule-name").fill(name);
      await row.locator(".abiquo-field").selectOption(field);
      await row.locator(".abiquo-op").selectOption(op);
      await row.locator(".abiquo-outcome").selectOption("continue");
      return row;
    };
    const stored = (): Promise<StoredRule[]> => page.evaluate(() => RED.nodes.node("decision")!.rules as StoredRule[]);
    const label = (on: Page = page): Promise<string> =>
      on.evaluate(() => RED.nodes.node("decision")!._def.label.call(RED.nodes.node("decision")!));
    const restore = (): Promise<void> =>
      page.evaluate((rule) => {
        Object.assign(RED.nodes.node("decision")!, {
          rules: [rule],
          rulesFrom: "node",
          rulesFile: "",
          rulesProperty: "rules",
          otherwise: "review",
        });
      }, DEPLOYS);
    afterEach(async () => {
      await close("cancel");
      await restore();
    });

    it("offers a list for a type, a number with its unit for CPU and RAM, and keeps what Abiquo counts in", async () => {
      await open();
      const ram = await add("Small", "details.virtualmachine.ram", "lte");
      await ram.locator(".abiquo-text").fill("8");
      await ram.locator("select.abiquo-unit").selectOption("GB");
      const disk = await add("Disk", "group.diskMb", "between");
      await disk.locator("select.abiquo-unit").selectOption("TB");
      await disk.locator(".abiquo-low").fill("0.5");
      await disk.locator(".abiquo-high").fill("2");
      const cpu = await add("CPUs", "details.virtualmachine.cpu", "gt");
      await cpu.locator(".abiquo-text").fill("four");
      assert.match(await cpu.locator(".abiquo-problem").innerText(), /Enter a number/);
      await cpu.locator(".abiquo-text").fill("4");
      assert.equal(await cpu.locator(".abiquo-unit").innerText(), "CPU");
      await picture(page, `${distribution}-units`);
      await close("ok");
      assert.deepEqual(
        (await stored()).slice(1).map(({ when }) => when[0]),
        [
          { field: "details.virtualmachine.ram", op: "lte", value: "8192", valueType: "num" },
          { field: "group.diskMb", op: "between", value: [524288, 2097152], valueType: "json" },
          { field: "details.virtualmachine.cpu", op: "gt", value: "4", valueType: "num" },
        ],
      );
      await open();
      assert.equal(await rules.nth(1).locator(".abiquo-text").inputValue(), "8");
      assert.equal(await rules.nth(1).locator("select.abiquo-unit").inputValue(), "GB");
      assert.equal(await rules.nth(2).locator(".abiquo-high").inputValue(), "2048");
      assert.equal(await rules.nth(2).locator("select.abiquo-unit").inputValue(), "GB");
    });

    it("offers the tenants and roles of the connection, and takes any other", async () => {
      await open();
      const tenants = await add("Tenants", "task.enterpriseId", "in");
      const acme = [...abiquo.enterprises][0]!;
      await tenants.locator(`.abiquo-add option[value="${acme.id}"]`).waitFor({ state: "attached" });
      await tenants.locator(".abiquo-list").fill("99");
      await tenants.locator(".abiquo-add").selectOption(String(acme.id));
      assert.equal(await tenants.locator(".abiquo-list").inputValue(), `99, ${acme.id}`);
      assert.equal(await tenants.locator(".abiquo-names").innerText(), acme.name);
      const roles = await add("Roles", "details.role.name", "eq");
      await roles.locator(".abiquo-add").selectOption("ENTERPRISE_ADMIN");
      assert.equal(await roles.locator(".abiquo-text").inputValue(), "ENTERPRISE_ADMIN");
      await picture(page, `${distribution}-choices`);
      await close("ok");
      assert.deepEqual(
        (await stored()).slice(1).map(({ when }) => when[0]?.value),
        [["99", String(acme.id)], "ENTERPRISE_ADMIN"],
      );
    });

    for (const [why, reply] of [
      ["the connection is not deployed", { status: 200, json: { ok: false, problem: "not deployed" } }],
      ["the user may not ask", { status: 403, json: {} }],
    ] as const) {
      it(`takes what is typed where ${why}`, async () => {
        await page.route("**/abiquo-task-decision/choices", (route) => route.fulfill(reply));
        await open();
        const tenants = await add("Tenants", "task.enterpriseId", "eq");
        assert.equal(await tenants.locator(".abiquo-add").isVisible(), false);
        await tenants.locator(".abiquo-text").fill("7");
        await close("ok");
        assert.equal((await stored())[1]?.when[0]?.value, "7");
        await page.unroute("**/abiquo-task-decision/choices");
      });
    }

    it("marks rules that never decide, and says why, until they can", async () => {
      await open();
      const again = await add("Again", "task.type", "eq");
      await again.locator(".abiquo-value select").selectOption("DEPLOY");
      const mark = again.locator(".abiquo-unreachable");
      await mark.waitFor();
      assert.equal(await mark.innerText(), "This rule never decides: rule “Deploys” matches whenever this one does.");
      await picture(page, `${distribution}-unreachable`);
      await again.locator("button[aria-label='Move up']").click();
      await rules.nth(1).locator(".abiquo-unreachable").waitFor();
      await rules.nth(0).locator(".abiquo-unreachable").waitFor({ state: "hidden" });
      await rules.nth(0).locator(".abiquo-value select").selectOption("UNDEPLOY");
      await rules.nth(1).locator(".abiquo-unreachable").waitFor({ state: "hidden" });
    });

    it("takes a new order by dragging", async () => {
      await open();
      await add("Second", "group.count", "gt");
      const handle = await rules.nth(1).locator(".red-ui-editableList-item-handle").boundingBox();
      const target = await rules.nth(0).boundingBox();
      assert.ok(handle && target);
      await page.mouse.move(handle.x + 4, handle.y + handle.height / 2);
      await page.mouse.down();
      await page.mouse.move(handle.x + 4, handle.y - 30, { steps: 5 });
      await page.mouse.move(handle.x + 4, target.y + 2, { steps: 10 });
      await page.mouse.up();
      await page.waitForFunction(() => $("#node-input-rules-container .abiquo-rule-name").first().val() === "Second");
      assert.equal(await rules.nth(0).locator(".abiquo-number").innerText(), "1.");
    });

    it("tries the rules on the tasks of the ledger, and shows what differs from the deployed ones; nothing is decided", async () => {
      await open();
      await rules.nth(0).locator(".abiquo-outcome").selectOption("continue");
      await page.locator("#abiquo-decision-try").click();
      const verdict = page.locator("#abiquo-decision-try-verdict");
      await verdict.locator(".fa-check-circle").waitFor();
      assert.match(
        await verdict.innerText(),
        /Tasks: 3\. Continue: 2, cancel: 0, review: 1\. Other outcome than with the deployed rules: 2\./,
      );
      const rows = page.locator("#abiquo-decision-try-result tbody tr");
      assert.equal(await rows.count(), 3);
      assert.equal(await page.locator("#abiquo-decision-try-result tr.abiquo-differs").count(), 2);
      assert.match(await rows.nth(0).innerText(), /DEPLOY[\s\S]*continue \(deployed: review\)[\s\S]*Deploys[\s\S]*task\.type = DEPLOY/);
      await rows.nth(2).scrollIntoViewIfNeeded();
      await picture(page, `${distribution}-try`);
      assert.deepEqual(abiquo.answers, []);
      assert.ok(abiquo.tasks().every(({ state }) => state === "QUEUEING"));
    });

    it("says what is wrong when the rules cannot be tried", async () => {
      await open();
      const empty = await add("Empty", "task.requester", "eq");
      await empty.locator(".abiquo-text").fill("");
      await page.locator("#abiquo-decision-try").click();
      const verdict = page.locator("#abiquo-decision-try-verdict");
      await verdict.locator(".fa-exclamation-triangle").waitFor();
      assert.match(await verdict.innerText(), /The rules cannot be used/);
    });

    it("asks for the file or the property where the rules are, and tries the file only as it is deployed", async () => {
      await open();
      await page.locator("#node-input-rulesFrom").selectOption("file");
      assert.equal(await page.locator("#node-input-rules-container").isVisible(), false);
      assert.ok(await page.locator("#node-input-rulesFile").isVisible());
      assert.match(await page.locator("#abiquo-decision-try-verdict").innerText(), /as it was read last/);
      await picture(page, `${distribution}-file`);
      await page.locator("#node-input-rulesFrom").selectOption("msg");
      assert.equal(await page.locator("#node-input-rulesFile").isVisible(), false);
      assert.equal(await page.locator("#abiquo-decision-try").isDisabled(), true);
      await page.locator("#node-input-rulesFrom").selectOption("file");
      await page.locator("#node-input-rulesFile").fill("policy/rules.json");
      await close("ok");
      assert.deepEqual(await page.evaluate(() => [RED.nodes.node("decision")!.rulesFrom, RED.nodes.node("decision")!.rulesFile]), [
        "file",
        "policy/rules.json",
      ]);
      assert.equal(await label(), "rules of policy/rules.json");
    });

    it("sums itself up on the node's label", async () => {
      assert.equal(await label(), "1 rule, else review");
      await page.evaluate(
        (rule) => Object.assign(RED.nodes.node("decision")!, { rules: [rule, rule, rule], otherwise: "cancel" }),
        DEPLOYS,
      );
      assert.equal(await label(), "3 rules, else cancel");
      await page.evaluate(() => Object.assign(RED.nodes.node("decision")!, { rules: [] }));
      assert.equal(await label(), "decide task");
      await page.evaluate(() => Object.assign(RED.nodes.node("decision")!, { rulesFrom: "msg", rulesProperty: "policy" }));
      assert.equal(await label(), "rules of msg.policy");
    });

    it("opens flows of before, and shows conditions that its own fields cannot hold as other properties", async () => {
      const old = [
        { field: "details.virtualmachine.cpu", op: "in", value: ["1", "2"], valueType: "json" },
        { field: "details.virtualmachine.cpu", op: "eq", value: "4", valueType: "str" },
        { field: "task.requester", op: "eq", value: "true", valueType: "bool" },
        { field: "group.count", op: "gt", value: 10, valueType: "num" },
        { field: "task.enterpriseId", op: "eq", value: "${TENANT}", valueType: "str" },
      ];
      await page.evaluate((when) => {
        const node = RED.nodes.node("decision")!;
        Object.assign(node, {
          rules: [{ name: "Old", when, outcome: "cancel", reason: "" }],
          rulesFrom: undefined,
          rulesFile: undefined,
          rulesProperty: undefined,
        });
      }, old);
      await open();
      await close("ok");
      assert.deepEqual((await stored())[0]?.when, old);
      assert.equal(await page.evaluate(() => RED.nodes.node("decision")!.valid), true);
    });

    it("speaks Spanish, and stays readable in the dark", async () => {
      const spanish = await editor.open(browser, { language: "es-ES", dark: distribution === "node-red" });
      try {
        assert.equal(await label(spanish.page), "1 regla; si no, revisar");
        await open(spanish.page);
        await spanish.page.locator("#abiquo-decision-try").click();
        await spanish.page.locator("#abiquo-decision-try-verdict .fa-check-circle").waitFor();
        await spanish.page.locator("#abiquo-decision-try-result tbody tr").last().scrollIntoViewIfNeeded();
        await picture(spanish.page, `${distribution}-try-spanish`);
        const wide = await spanish.page.locator(".abiquo-form").evaluate((element) => element.scrollWidth - element.clientWidth);
        assert.ok(wide <= 1, "the Spanish texts fit");
        await close("cancel", spanish.page);
        assert.deepEqual(spanish.complaints, []);
      } finally {
        await spanish.close();
      }
    });
  });
}
