import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { launchBrowser } from "./browser.ts";
import { CONFIG_NODES, closeDialog, faintTexts, openDialog, picture, reasons } from "./dialog.ts";
import { type Editor, type EditorPage, MODULE, startEditor } from "./editor.ts";
import { CREDENTIALS, FLOW, PALETTE, RULES } from "./flow.ts";

const FLOW_NODES = ["webhook", "details", "decision", "approval", "continue", "cancel", "list", "configure", "events"];

/** What the dialog of a connection sends to be tested. */
interface TestedConnection {
  readonly credentials: Readonly<Record<string, string>>;
  readonly [property: string]: unknown;
}

let browser: Browser;
before(async () => {
  browser = await launchBrowser();
});
after(async () => {
  await browser.close();
});

for (const distribution of ["node-red-4", "node-red"] as const) {
  describe(`The editor of ${distribution === "node-red" ? "Node-RED 5" : "Node-RED 4.1"}`, () => {
    let editor: Editor;
    let opened: EditorPage;
    let page: Page;

    before(async () => {
      editor = await startEditor(distribution, FLOW, CREDENTIALS);
      opened = await editor.open(browser);
      page = opened.page;
    });
    after(async () => {
      await opened?.close();
      await editor?.stop();
    });

    it("shows every node in the palette, in its own category, with its icon", async () => {
      for (const type of PALETTE) {
        const entry = page.locator(`#red-ui-palette-Abiquo [data-palette-type='${type}']`);
        assert.equal(await entry.count(), 1, type);
        assert.notEqual((await entry.locator(".red-ui-palette-label").innerText()).trim(), type, `${type} has a name for people`);
        const icon = await entry.locator("[data-palette-icon]").getAttribute("data-palette-icon");
        assert.equal(icon, `icons/${MODULE}/${type}.svg`);
        const response = await fetch(editor.url + icon);
        assert.equal(response.status, 200, icon ?? "");
        assert.match(response.headers.get("content-type") ?? "", /svg/);
      }
      const colours = await page.evaluate((types) => types.map((type) => RED.utils.getNodeColor(type, RED.nodes.getType(type))), PALETTE);
      assert.equal(new Set(colours).size, 1);
      await page.locator("[data-palette-type='abiquo-cancel']").scrollIntoViewIfNeeded();
      await picture(page, `${distribution}-palette`);
    });

    it("finds nothing wrong with a flow that is right", async () => {
      const invalid = await page.evaluate(() => {
        const wrong: string[] = [];
        RED.nodes.eachNode((node) => node.valid === false && wrong.push(`${node.id}: ${node.validationErrors}`));
        RED.nodes.eachConfig((node) => node.valid === false && wrong.push(`${node.id}: ${node.validationErrors}`));
        return wrong;
      });
      assert.deepEqual(invalid, []);
    });

    for (const id of [...CONFIG_NODES, ...FLOW_NODES]) {
      it(`opens the dialog of ${id} without complaint, with every control labelled and every text translated`, async () => {
        const before = opened.complaints.length;
        await openDialog(page, id);
        await picture(page, `${distribution}-${id}`);
        const problems = await page.evaluate(
          (types) => {
            const form = document.querySelector(".red-ui-tray .abiquo-form")!;
            const found: string[] = [];
            const shown = (element: Element) => (element as HTMLElement).offsetParent !== null;
            for (const label of form.querySelectorAll("label[for]")) {
              if (!document.getElementById(label.getAttribute("for")!)) found.push(`label for ${label.getAttribute("for")} leads nowhere`);
            }
            for (const control of form.querySelectorAll("input:not([type=hidden]), select, button")) {
              if (!shown(control) || control.closest(".red-ui-typedInput-container")) continue;
              const id = control.id;
              const named =
                control.closest("label") ||
                (id && form.querySelector(`label[for="${id}"]`)) ||
                control.getAttribute("aria-label") ||
                control.getAttribute("title") ||
                control.textContent?.trim() ||
                control.querySelector("i") ||
                /lookup/.test(id);
              if (!named) found.push(`no name for ${control.outerHTML.slice(0, 120)}`);
            }
            for (const element of form.querySelectorAll("[data-i18n], option, button, label")) {
              const text = element.textContent ?? "";
              if (types.some((type) => text.includes(`${type}.`)) || /__\w+__/.test(text)) found.push(`not translated: ${text}`);
            }
            const broad = form.scrollWidth - form.clientWidth;
            if (broad > 1) found.push(`is ${broad} pixels wider than its tray`);
            return found;
          },
          [...PALETTE, "abiquo-config", "abiquo-store"],
        );
        assert.deepEqual(problems, []);
        await closeDialog(page, "cancel");
        assert.deepEqual(opened.complaints.slice(before), []);
      });
    }

    it("opens and closes a dialog without changing anything", async () => {
      for (const id of FLOW_NODES) {
        await openDialog(page, id);
        await closeDialog(page, "ok");
        const changed = await page.evaluate((node) => RED.nodes.node(node)!.changed, id);
        assert.ok(!changed, `${id} counts as changed`);
      }
      assert.deepEqual(await page.evaluate(() => RED.nodes.node("decision")!.rules), RULES);
    });

    it("says what is wrong with a value, and how to mend it", async () => {
      const cases: [id: string, properties: Record<string, unknown>, reason: RegExp][] = [
        ["connection", { url: "" }, /API address/],
        ["connection", { url: "cloud.example.com" }, /API address: enter an address that starts with http/],
        ["connection", { url: "https://me:secret@cloud.example.com/api" }, /leave user and password out/],
        ["connection", { apiVersion: "six" }, /two numbers with a dot/],
        ["connection", { timeout: "soon" }, /a number of at least 0\.1/],
        ["connection", { pace: -1 }, /a number of at least 0/],
        ["connection", { trustedProxies: "10.0.0.0/8, 10.0.0.300" }, /10\.0\.0\.300/],
        ["webhook", { path: "/a b" }, /letters, digits/],
        ["webhook", { path: "/a/../b" }, /letters, digits/],
        ["webhook", { connection: "" }, /Connection/],
        ["webhook", { allowFrom: "somewhere" }, /not an address or a network.*somewhere/],
        ["webhook", { maxBody: 0 }, /a number of at least 0\.001/],
        ["details", { include: ["disks", "all"] }, /Details: “all” is none of the choices/],
        ["details", { source: "rel" }, /Relation: enter a value/],
        ["details", { source: "path" }, /Path: enter a value/],
        ["details", { source: "path", path: "https://cloud.example.com/api/admin" }, /without scheme and host/],
        ["details", { source: "rel", rel: "target", mediaType: "a b" }, /name of a media type/],
        ["continue", { task: "a b", taskType: "msg" }, /Task/],
        ["cancel", { message: "$(", messageType: "jsonata" }, /Message/],
        ["list", { enterprise: "" }, /Enterprise id: enter a value/],
        ["list", { limit: "1.5" }, /a whole number/],
        ["configure", { endpoint: "gone" }, /no longer exists/],
        ["configure", { endpoint: "ftp://x", endpointType: "str" }, /http/],
        ["configure", { target: "enterprise" }, /Enterprise id: enter a value/],
      ];
      for (const [id, properties, reason] of cases) {
        const found = await reasons(page, id, properties);
        assert.equal(found.length, 1, `${id} ${JSON.stringify(properties)}: ${JSON.stringify(found)}`);
        assert.match(found[0]!, reason);
      }
    });

    it("names the rule and what is wrong with it", async () => {
      const rule = (when: object[]) => ({ name: "", when, outcome: "continue", reason: "" });
      const time = { days: ["mon"], from: "09:00", to: "18:00", timeZone: "Europe/Madrid" };
      const wrong: [condition: object, reason: RegExp][] = [
        [{ field: "", op: "eq", value: "x", valueType: "str" }, /Choose what to look at/],
        [{ field: "payload.x", op: "eq", value: "x", valueType: "str" }, /payload\.x/],
        [{ field: "group.count", op: "gt", value: "many", valueType: "num" }, /Enter a number/],
        [{ field: "group.count", op: "between", value: [5, 2], valueType: "json" }, /larger/],
        [{ field: "task.enterpriseId", op: "in", value: [], valueType: "json" }, /at least one value/],
        [{ field: "time", op: "in", value: { ...time, days: [""] }, valueType: "json" }, /one day/],
        [{ field: "time", op: "in", value: { ...time, to: "09:00" }, valueType: "json" }, /two different times/],
        [{ field: "time", op: "in", value: { ...time, timeZone: "Madrid" }, valueType: "json" }, /Madrid/],
        [{ field: "", op: "jsonata", value: "$(", valueType: "jsonata" }, /JSONata/],
      ];
      for (const [condition, reason] of wrong) {
        const found = await reasons(page, "decision", { rules: [RULES[0], rule([condition])] });
        assert.equal(found.length, 1, JSON.stringify(condition));
        assert.match(found[0]!, /^Rule 2: /);
        assert.match(found[0]!, reason);
      }
      const right = await reasons(page, "decision", {
        rules: [rule([]), rule([{ field: "time", op: "nin", value: { ...time, from: "22:00", to: "06:00" } }])],
      });
      assert.deepEqual(right, []);
    });

    it("takes environment variables everywhere, and keeps those it offers no control for", async () => {
      const all = {
        url: "${A}",
        apiVersion: "${A}",
        timeout: "${A}",
        pace: "${A}",
        publicUrl: "${A}",
        trustedProxies: "${A}",
        auth: "${A}",
      };
      assert.deepEqual(await reasons(page, "connection", all), []);
      assert.deepEqual(await reasons(page, "webhook", { path: "${A}", allowFrom: "${A}", maxBody: "${A}", emit: "${A}" }), []);
      await page.evaluate(() => (RED.nodes.node("list")!.emit = "${ABIQUO_EMIT}"));
      await openDialog(page, "list");
      await closeDialog(page, "ok");
      assert.equal(await page.evaluate(() => RED.nodes.node("list")!.emit), "${ABIQUO_EMIT}");
      await page.evaluate(() => (RED.nodes.node("list")!.emit = "task"));
      assert.deepEqual(await reasons(page, "details", { include: "${A}", source: "${A}", path: "${A}" }), []);
      await page.evaluate(() => (RED.nodes.node("details")!.include = "${ABIQUO_DETAILS}"));
      await openDialog(page, "details");
      await closeDialog(page, "ok");
      assert.equal(await page.evaluate(() => RED.nodes.node("details")!.include), "${ABIQUO_DETAILS}");
      await page.evaluate(() => (RED.nodes.node("details")!.include = ["user", "disks"]));
    });

    it("keeps an environment variable where there is a box to tick, and lets it be changed", async () => {
      for (const [id, property] of [
        ["webhook", "verify"],
        ["configure", "force"],
      ] as const) {
        const stored = () => page.evaluate(([node, name]) => RED.nodes.node(node)![name], [id, property] as const);
        const store = (value: unknown) =>
          page.evaluate(([node, name, text]) => (RED.nodes.node(node)![name] = text), [id, property, value] as const);
        const field = page.locator(`#node-input-${property}`);
        await store("${ABIQUO_FLAG}");
        await openDialog(page, id);
        await page.evaluate(() => $("#node-input-action").val("disable").trigger("change"));
        assert.equal(await field.inputValue(), "${ABIQUO_FLAG}");
        assert.ok(await field.isVisible());
        await closeDialog(page, "ok");
        assert.equal(await stored(), "${ABIQUO_FLAG}");
        await openDialog(page, id);
        await field.fill("false");
        await closeDialog(page, "ok");
        assert.equal(await stored(), "false");
        await openDialog(page, id);
        assert.equal(await field.isChecked(), false);
        await field.check();
        await closeDialog(page, "ok");
        assert.equal(await stored(), true);
        await store(false);
        assert.deepEqual(await reasons(page, id, { [property]: "${A}" }), []);
        assert.match((await reasons(page, id, { [property]: "perhaps" })).join(), /enter true or false/);
      }
    });

    it("lets a copy of a flow name the copy of its webhook, and leaves other endpoints as they are", async () => {
      const copies = await page.evaluate(() => {
        const nodes = RED.nodes.createExportableNodeSet(["webhook", "configure"].map((id) => RED.nodes.node(id)));
        const second = {
          ...nodes.find((node) => node.id === "configure"),
          id: "second",
          endpoint: "https://red.example.com/x",
          endpointType: "str",
        };
        const imported = RED.nodes.import([...nodes, second], { generateIds: true });
        const result = imported.nodes.map(({ id, type, endpoint, endpointType, valid }) => ({
          id,
          type,
          endpoint,
          endpointType,
          valid,
        }));
        for (const { id } of result) RED.nodes.remove(id);
        return result;
      });
      const webhook = copies.find(({ type }) => type === "abiquo-webhook-in");
      const [byWebhook, byAddress] = copies.filter(({ type }) => type === "abiquo-configure-workflow");
      assert.ok(webhook && byWebhook && byAddress);
      assert.notEqual(webhook.id, "webhook");
      assert.deepEqual([byWebhook.endpoint, byWebhook.endpointType, byWebhook.valid], [webhook.id, "webhook", true]);
      assert.equal(byAddress.endpoint, "https://red.example.com/x");
    });

    it("takes another endpoint from the dialog, and marks one that cannot be used", async () => {
      const before = opened.complaints.length;
      await openDialog(page, "configure");
      const endpoint = async (type: string, value: string): Promise<boolean> => {
        await page.evaluate((typed) => $("#abiquo-configure-endpoint").typedInput("type", typed.type).typedInput("value", typed.value), {
          type,
          value,
        });
        return page.evaluate(() => $("#abiquo-configure-endpoint").next(".red-ui-typedInput-container").hasClass("input-error"));
      };
      await page.evaluate(
        () => $("#node-input-target").val("platform").trigger("change") && $("#node-input-action").val("enable").trigger("change"),
      );
      assert.equal(await endpoint("str", "nonsense"), true);
      assert.equal(await endpoint("str", "https://red.example.com/x"), false);
      await closeDialog(page, "ok");
      const stored = await page.evaluate(() => [RED.nodes.node("configure")!.endpoint, RED.nodes.node("configure")!.endpointType]);
      assert.deepEqual(stored, ["https://red.example.com/x", "str"]);
      await openDialog(page, "configure");
      assert.equal(await endpoint("webhook", "webhook"), false);
      await closeDialog(page, "ok");
      assert.equal(await page.evaluate(() => RED.nodes.node("configure")!.endpoint), "webhook");
      assert.deepEqual(opened.complaints.slice(before), []);
    });

    it("adds a rule by mouse and keyboard, puts it first, and deploys it", async () => {
      await openDialog(page, "decision");
      const rules = page.locator("#node-input-rules-container > li");
      await page.locator(".red-ui-editableList-addButton").click();
      const added = rules.nth(RULES.length);
      await added.locator(".abiquo-rule-name").fill("Night");
      await added.locator(".abiquo-field").selectOption("time");
      await added.locator(".abiquo-op").selectOption("in");
      await added.locator(".abiquo-from").fill("22:00");
      await added.locator(".abiquo-to").fill("06:00");
      await added.locator(".abiquo-zone").fill("Madrid");
      assert.match(await added.locator(".abiquo-problem").innerText(), /not a time zone/);
      await added.locator(".abiquo-zone").fill("Europe/Madrid");
      await added.locator(".abiquo-zone").blur();
      assert.equal(await added.locator(".abiquo-problem").innerText(), "Choose an outcome.");
      await added.locator(".abiquo-add-condition").click();
      const second = added.locator(".abiquo-condition").nth(1);
      await second.locator(".abiquo-field").selectOption("task.requester");
      await second.locator(".abiquo-text").fill("*-batch");
      await added.locator(".abiquo-outcome").selectOption("cancel");
      await added.locator(".abiquo-reason").fill("Not at night");
      assert.equal(await added.locator(".abiquo-problem").isVisible(), false);
      await picture(page, `${distribution}-rule`);
      for (let place = RULES.length; place > 0; place--) {
        await rules.nth(place).locator("button[aria-label='Move up']").focus();
        await page.keyboard.press("Enter");
      }
      assert.equal(await rules.nth(0).locator(".abiquo-number").innerText(), "1.");
      await closeDialog(page, "ok");
      await page.locator("#red-ui-header-button-deploy").click();
      await page.waitForFunction("!RED.nodes.dirty()");
      const deployed = (await editor.flows()).find(({ id }) => id === "decision")!["rules"] as object[];
      const night = {
        name: "Night",
        when: [
          {
            field: "time",
            op: "in",
            valueType: "json",
            value: { days: ["mon", "tue", "wed", "thu", "fri"], from: "22:00", to: "06:00", timeZone: "Europe/Madrid" },
          },
          { field: "task.requester", op: "match", value: "*-batch", valueType: "str" },
        ],
        outcome: "cancel",
        reason: "Not at night",
      };
      assert.deepEqual(deployed, [night, ...RULES]);
    });

    it("never brings a stored secret into the browser", async () => {
      for (const id of ["connection", "webhook"]) {
        await openDialog(page, id);
        await closeDialog(page, "cancel");
      }
      assert.ok(
        opened.received.some((text) => text.includes("has_consumerSecret")),
        "the editor asked for credentials",
      );
      const secrets = Object.values(CREDENTIALS).flatMap((values) => Object.values(values));
      assert.deepEqual(
        secrets.filter((secret) => opened.received.some((text) => text.includes(secret))),
        [],
      );
    });

    it("generates a webhook secret, shows it masked, and copies the whole address only then", async () => {
      await openDialog(page, "webhook");
      await page.evaluate(() => {
        RED.clipboard.copyText = (text) => {
          window.copied = text;
        };
      });
      const copied = async (): Promise<string | undefined> => {
        await page.locator("#abiquo-webhook-copy").click();
        return page.evaluate(() => window.copied);
      };
      const address = page.locator("#abiquo-webhook-address");
      assert.equal(await address.innerText(), `${editor.url}abiquo/workflow/••••••••`);
      assert.equal(await copied(), `${editor.url}abiquo/workflow`);
      await page.locator("#abiquo-webhook-generate").click();
      const secret = await page.locator("#node-input-secret").inputValue();
      assert.match(secret, /^[\w-]{32}$/);
      assert.equal(await address.innerText(), `${editor.url}abiquo/workflow/••••••••`);
      assert.equal(await copied(), `${editor.url}abiquo/workflow/${secret}`);
      await page.locator("#node-input-auth").selectOption("none");
      assert.ok(await page.locator(".form-tips[data-abiquo-auth='none']").isVisible());
      assert.equal(await copied(), `${editor.url}abiquo/workflow`);
      await page.evaluate(() => (RED.nodes.node("connection")!.publicUrl = "https://flows.example.com/nodes/"));
      await page.locator("#node-input-path").fill("other");
      assert.equal(await address.innerText(), "https://flows.example.com/nodes/other");
      await page.evaluate(() => (RED.nodes.node("connection")!.publicUrl = ""));
      await closeDialog(page, "cancel");
    });

    it("tests a connection with what the dialog holds, and shows the verdict where one looks", async () => {
      const asked: { body: TestedConnection; url: string; version: string | undefined }[] = [];
      let reply: object = { ok: true, user: "admin", enterprise: "Acme & Co", version: "6.1" };
      await page.route("**/abiquo-config/*/test", async (route) => {
        const request = route.request();
        asked.push({
          body: request.postDataJSON() as TestedConnection,
          url: request.url(),
          version: request.headers()["node-red-api-version"],
        });
        await route.fulfill({ json: reply });
      });
      await openDialog(page, "connection");
      await page.locator("#node-config-input-url").fill("https://other.example.com/api");
      await page.locator("#node-config-input-accessToken").fill("typed");
      const result = page.locator("#abiquo-config-test-result");
      await page.locator("#abiquo-config-test").click();
      await result.locator(".fa-check-circle").waitFor();
      assert.equal((await result.innerText()).trim(), "Connected as admin (Acme & Co), Abiquo 6.1.");
      assert.equal(asked[0]?.url, `${editor.url}abiquo-config/connection/test`);
      assert.equal(asked[0]?.version, "v2");
      const { credentials, ...values } = asked[0]!.body;
      assert.equal(values.url, "https://other.example.com/api");
      assert.equal(values.auth, "oauth1");
      assert.equal(values.tls, "");
      assert.equal(credentials.accessToken, "typed");
      assert.equal(credentials.consumerSecret, "__PWRD__");
      await picture(page, `${distribution}-connected`);

      reply = { ok: false, problem: "Abiquo does not accept the credentials." };
      await page.locator("#abiquo-config-test").click();
      await result.locator(".fa-exclamation-triangle").waitFor();
      assert.equal((await result.innerText()).trim(), "Abiquo does not accept the credentials.");
      assert.equal(await result.getAttribute("aria-live"), "polite");
      await closeDialog(page, "cancel");
      await page.unroute("**/abiquo-config/*/test");
    });

    it("shows only the rows that matter", async () => {
      await openDialog(page, "list");
      const visible = (name: string) => page.locator(`label[for$='-${name}']`).isVisible();
      for (const [scope, rows] of Object.entries({ enterprise: "enterprise", user: "enterprise user", me: "", all: "", ledger: "stage" })) {
        await page.locator("#node-input-scope").selectOption(scope);
        for (const row of ["enterprise", "user", "stage"]) {
          assert.equal(await visible(row), rows.split(" ").includes(row), `${scope}: ${row}`);
        }
      }
      await closeDialog(page, "cancel");
      await openDialog(page, "configure");
      assert.ok(await visible("endpoint"));
      assert.match(await page.locator(".red-ui-typedInput-container").first().innerText(), /\/abiquo\/workflow \(Tasks\)/);
      await page.locator("#node-input-action").selectOption("disable");
      assert.ok(!(await visible("endpoint")));
      assert.ok(await visible("force"));
      assert.ok(await page.locator("#abiquo-configure-force-tip").isVisible());
      await closeDialog(page, "cancel");
    });

    it("labels every port", async () => {
      const labels = await page.evaluate(() => {
        const found: Record<string, string[]> = {};
        for (const id of ["webhook", "decision", "continue", "cancel", "list", "configure"]) {
          const node = RED.nodes.node(id)!;
          const count = node._def.outputs;
          found[id] = Array.from({ length: count }, (_, index) => node._def.outputLabels.call(node, index));
          if (node._def.inputs) found[id]!.unshift(node._def.inputLabels.call(node));
        }
        return found;
      });
      assert.deepEqual(labels, {
        webhook: ["task"],
        decision: ["task or group", "continue", "cancel", "review"],
        continue: ["task, group or id", "task continued", "decided otherwise, or gone"],
        cancel: ["task, group or id", "task cancelled", "decided otherwise, or gone"],
        list: ["start", "task"],
        configure: ["start", "setting"],
      });
    });

    it("speaks Spanish, in dialogs, reasons and help", async () => {
      const spanish = await editor.open(browser, { language: "es-ES" });
      try {
        const entry = spanish.page.locator("[data-palette-type='abiquo-webhook-in'] .red-ui-palette-label");
        assert.match(await entry.innerText(), /webhook\s+de\s+tareas/);
        await openDialog(spanish.page, "decision");
        assert.match(await spanish.page.locator(".abiquo-form").innerText(), /Reglas \(decide la primera que se cumple\)/);
        const form = await spanish.page.locator(".abiquo-form").evaluate((element) => element.scrollWidth - element.clientWidth);
        assert.ok(form <= 1, "the Spanish texts fit");
        await picture(spanish.page, `${distribution}-spanish`);
        await closeDialog(spanish.page, "cancel");
        assert.match((await reasons(spanish.page, "connection", { url: "x" }))[0]!, /^Dirección de la API: escriba una dirección/);
        const help = await spanish.page.evaluate(() => RED.nodes.getNodeHelp("abiquo-continue"));
        assert.match(help, /Decide continuar una tarea/);
        assert.deepEqual(spanish.complaints, []);
      } finally {
        await spanish.close();
      }
    });

    if (distribution === "node-red") {
      it("stays readable in the dark theme", async () => {
        const dark = await editor.open(browser, { dark: true });
        try {
          for (const id of ["connection", "webhook", "decision", "configure"]) {
            await openDialog(dark.page, id);
            await picture(dark.page, `${distribution}-dark-${id}`);
            assert.deepEqual(await faintTexts(dark.page), [], id);
            await closeDialog(dark.page, "cancel");
          }
        } finally {
          await dark.close();
        }
      });
    }
  });
}
