import assert from "node:assert/strict";
import type { Browser, Locator, Page } from "playwright-core";
import { launchBrowser } from "./browser.ts";
import { closeDialog, faintTexts, openDialog, picture, reasons, showTab } from "./dialog.ts";
import { type Editor, type EditorPage, startEditor } from "./editor.ts";
import { CREDENTIALS, FLOW, LEVELS } from "./flow.ts";

const TABS = ["Levels", "Request", "People", "Working time"];
const WORKING_TIME = { timeZone: "Europe/Madrid", days: [1, 2, 3, 4], from: "08:30", to: "17:00", holidays: ["2026-12-25", "2027-01-01"] };

let browser: Browser;
before(async () => {
  browser = await launchBrowser();
});
after(async () => {
  await browser.close();
});

for (const distribution of ["node-red-4", "node-red"] as const) {
  describe(`The dialog of abiquo-approval in ${distribution === "node-red" ? "Node-RED 5" : "Node-RED 4.1"}`, () => {
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
    beforeEach(() => opened.reset());
    afterEach(async () => {
      await closeDialog(page, "cancel");
      assert.deepEqual(opened.complaints.splice(0), []);
    });

    const level = (place: number): Locator => page.locator(".abiquo-level").nth(place - 1);
    const people = (place: number): Locator => level(place).locator(".red-ui-typedInput-input").first();
    const meaning = (place: number): Promise<string> => level(place).locator(".abiquo-meaning").innerText();
    const problem = (place: number): Promise<string> => level(place).locator(".abiquo-problem").innerText();
    const names = (): Promise<string[]> =>
      page.locator(".abiquo-level-name").evaluateAll((inputs) => inputs.map((input) => (input as HTMLInputElement).value));
    const property = (name: string): Promise<unknown> => page.evaluate((key) => RED.nodes.node("approval")![key], name);
    const set = (values: Record<string, unknown>): Promise<void> =>
      page.evaluate((given) => void Object.assign(RED.nodes.node("approval")!, given), values);

    it("shows who is asked and whether a reason is needed first, all else behind tabs", async () => {
      await openDialog(page, "approval");
      const shown = (): Promise<string[]> =>
        page
          .locator(".abiquo-form label[for]:visible")
          .evaluateAll((labels) => labels.map((label) => label.getAttribute("for")!.replace("node-input-", "")));
      assert.deepEqual(await shown(), ["name", "connection", "requireReason"]);
      await showTab(page, "Request");
      assert.deepEqual(await shown(), ["name", "connection", "scope", "title", "language", "linkValidity", "key"]);
      await showTab(page, "People");
      assert.deepEqual(await shown(), [
        "name",
        "connection",
        "noApprover",
        "fallback",
        "allowSelfApproval",
        "allowSamePersonTwice",
        "abiquo-approval-delegation",
        "abiquo-approval-delegates",
      ]);
      await page.locator("#node-input-noApprover").selectOption("keep");
      assert.equal(await page.locator("#node-input-fallback").isVisible(), false);
      await showTab(page, "Working time");
      assert.deepEqual(await shown(), ["name", "connection", "abiquo-approval-clock"]);
      await closeDialog(page, "cancel");
    });

    it("says under each level what it means", async () => {
      await openDialog(page, "approval");
      assert.equal(
        await meaning(1),
        "Decided by ana@example.com or berta@example.com; after 2 hours it is rejected; reminders go out every 30 minutes.",
      );
      assert.equal(
        await meaning(2),
        "50% of these must approve: Carla and everybody with the role CLOUD_ADMIN; after 2 days the question also goes to the people in msg.board.",
      );
      assert.equal(
        await meaning(3),
        "2 of these must approve: everybody with the role ENTERPRISE_ADMIN; after ${ABIQUO_DEADLINE} min it is overdue and goes on waiting; reminders go out every 1 day.",
      );
      await level(1).locator(".abiquo-need").selectOption("all");
      await level(1).locator(".abiquo-at-deadline").selectOption("approve");
      await level(1).locator(".abiquo-remind").fill("");
      assert.equal(
        await meaning(1),
        "Everybody must approve: ana@example.com and berta@example.com; after 2 hours it is approved without an answer.",
      );
      await people(1).fill("ana@example.com");
      await level(1).locator(".abiquo-at-deadline").selectOption("wait");
      await level(1).locator(".abiquo-deadline").fill("");
      assert.equal(await meaning(1), "Decided by ana@example.com; there is no deadline.");
      assert.equal(await level(1).locator(".abiquo-at-deadline").isVisible(), false, "nothing to choose without a deadline");
      await showTab(page, "Working time");
      await page.locator("#abiquo-approval-clock").selectOption("business");
      await showTab(page, "Levels");
      assert.match(await meaning(2), /after 48 hours of working time/);
      await closeDialog(page, "cancel");
    });

    it("adds, reorders by key and by hand, and removes levels, and deploys what it shows", async () => {
      await openDialog(page, "approval");
      await page.locator(".red-ui-editableList-addButton", { hasText: "add level" }).click();
      assert.equal(await level(4).locator(".abiquo-number").innerText(), "4.");
      assert.ok(
        await level(4)
          .locator(".abiquo-level-name")
          .evaluate((input) => input === document.activeElement),
        "the new level's name has the focus",
      );
      assert.equal(await problem(4), "", "the fallback decides where nobody is asked");
      await level(4).locator(".abiquo-level-name").fill("Security");
      await people(4).fill("eva@example.com; role:SECURITY");
      await level(4).locator(".abiquo-need").selectOption("number");
      await level(4).locator(".abiquo-amount").fill("2");
      await level(4).locator(".abiquo-deadline").fill("1.5");
      await level(4).locator(".abiquo-deadline-unit").selectOption("hours");
      await level(4).locator(".abiquo-at-deadline").selectOption("escalate");
      assert.equal(await problem(4), "Enter who is asked at the deadline.");
      await level(4).locator(".red-ui-typedInput-input").nth(1).fill("frank@example.com");
      assert.equal(await problem(4), "");
      await picture(page, `${distribution}-approval-added`);

      const up = level(4).locator("button[aria-label='Move up']");
      await up.focus();
      await page.keyboard.press("Enter");
      await page.keyboard.press("Enter");
      assert.deepEqual(await names(), ["Manager", "Security", "Owners", ""]);
      assert.equal(await level(2).locator(".abiquo-number").innerText(), "2.");

      await level(1).scrollIntoViewIfNeeded();
      const handle = (await page.locator(".red-ui-editableList-item-handle").first().boundingBox())!;
      const target = (await level(2).boundingBox())!;
      await page.mouse.move(handle.x + handle.width / 2, handle.y + handle.height / 2);
      await page.mouse.down();
      await page.mouse.move(handle.x, target.y + target.height / 2, { steps: 8 });
      await page.mouse.move(handle.x, target.y + target.height * 0.75, { steps: 8 });
      await page.mouse.up();
      await page.waitForFunction("document.querySelector('.abiquo-level-name').value === 'Security'");
      assert.deepEqual(await names(), ["Security", "Manager", "Owners", ""]);
      assert.deepEqual(await page.locator(".abiquo-number").allInnerTexts(), ["1.", "2.", "3.", "4."]);

      await page.locator(".red-ui-editableList-item-remove").nth(2).click();
      await page.waitForFunction("document.querySelectorAll('.abiquo-level').length === 3");
      assert.deepEqual(await page.locator(".abiquo-number").allInnerTexts(), ["1.", "2.", "3."]);
      await closeDialog(page, "ok");
      await page.locator("#red-ui-header-button-deploy").click();
      await page.waitForFunction("!RED.nodes.dirty()");
      const deployed = (await editor.flows()).find(({ id }) => id === "approval")!["levels"];
      const security = {
        name: "Security",
        approvers: "eva@example.com; role:SECURITY",
        approversType: "str",
        need: 2,
        deadline: 90,
        onDeadline: "escalate",
        escalateTo: "frank@example.com",
        escalateToType: "str",
        remindEvery: "",
      };
      assert.deepEqual(deployed, [security, LEVELS[0], LEVELS[2]]);
      await set({ levels: LEVELS });
      await page.evaluate(() => {
        RED.nodes.node("approval")!.changed = true;
        RED.nodes.dirty(true);
      });
      await page.locator("#red-ui-header-button-deploy").click();
      await page.waitForFunction("!RED.nodes.dirty()");
    });

    it("keeps every value, saved and opened again", async () => {
      await openDialog(page, "approval");
      await page.locator("#node-input-requireReason").selectOption("always");
      await showTab(page, "Request");
      await page.locator("#node-input-key").fill("deploys");
      await page.locator("#node-input-linkValidity").fill("48");
      await page.locator("#node-input-language").selectOption("en-US");
      await showTab(page, "People");
      await page.locator("#node-input-allowSelfApproval").check();
      await page.locator("#abiquo-approval-delegation").uncheck();
      await page.locator("#node-input-fallback").fill("role:CLOUD_ADMIN");
      await showTab(page, "Working time");
      await page.locator("#abiquo-approval-clock").selectOption("business");
      await page.locator("#abiquo-approval-days input").nth(4).uncheck();
      await page.locator("#abiquo-approval-from").fill("08:30");
      await page.locator("#abiquo-approval-to").fill("17:00");
      await page.locator("#abiquo-approval-zone").fill("Europe/Madrid");
      await page.locator("#abiquo-approval-holidays").fill("2026-12-25, 2027-01-01");
      await picture(page, `${distribution}-approval-time`);
      await closeDialog(page, "ok");
      const saved = {
        key: "deploys",
        linkValidity: "48",
        language: "en-US",
        requireReason: "always",
        allowSelfApproval: true,
        allowSamePersonTwice: true,
        delegation: false,
        noApprover: "fallback",
        fallback: "role:CLOUD_ADMIN",
        calendar: WORKING_TIME,
        levels: LEVELS,
        scope: "group",
        title: "topic",
        titleType: "msg",
      };
      const stored = async (): Promise<Record<string, unknown>> =>
        Object.fromEntries(await Promise.all(Object.keys(saved).map(async (name) => [name, await property(name)] as const)));
      assert.deepEqual(await stored(), saved);
      await openDialog(page, "approval");
      for (const tab of TABS) {
        await showTab(page, tab);
        await picture(page, `${distribution}-approval-${tab.toLowerCase().replace(" ", "-")}`);
      }
      await closeDialog(page, "ok");
      assert.deepEqual(await stored(), saved);
      await openDialog(page, "approval");
      await showTab(page, "Working time");
      for (const end of ["from", "to"]) await page.locator(`#abiquo-approval-${end}`).fill("00:00");
      await closeDialog(page, "ok");
      assert.deepEqual(await property("calendar"), { ...WORKING_TIME, from: "00:00", to: "24:00" });
      await openDialog(page, "approval");
      await showTab(page, "Working time");
      assert.equal(await page.locator("#abiquo-approval-to").inputValue(), "00:00");
      await page.locator("#abiquo-approval-clock").selectOption("");
      await closeDialog(page, "ok");
      assert.equal(await property("calendar"), "");
    });

    it("keeps environment variables, in choices, boxes, levels and in place of whole lists", async () => {
      const variables = {
        key: "${K}",
        requireReason: "${R}",
        allowSelfApproval: "${S}",
        delegation: "${D}",
        noApprover: "${N}",
        fallback: "${F}",
        linkValidity: "${V}",
        calendar: "${C}",
        language: "${L}",
        scope: "${O}",
        levels: [{ ...LEVELS[0], approvers: "${A}", need: "${E}", onDeadline: "${W}", escalateTo: "${T}", remindEvery: "${M}" }],
      };
      assert.deepEqual(await reasons(page, "approval", variables), []);
      const calendar = { timeZone: "${Z}", days: "${Y}", from: "${B}", to: "${E}", holidays: "${H}" };
      assert.deepEqual(await reasons(page, "approval", { calendar }), []);
      for (const given of [variables, { ...variables, calendar, levels: "${LEVELS}" }]) {
        await set(given);
        await openDialog(page, "approval");
        await closeDialog(page, "ok");
        for (const [name, value] of Object.entries(given)) assert.deepEqual(await property(name), value, name);
      }
    });

    it("shows what holds where a flow leaves properties out, and finds nothing wrong with it", async () => {
      const left = [
        "scope",
        "title",
        "titleType",
        "requireReason",
        "allowSelfApproval",
        "allowSamePersonTwice",
        "delegation",
        "noApprover",
        "fallback",
        "linkValidity",
        "calendar",
        "language",
        "key",
      ];
      const nothing = Object.fromEntries(left.map((name) => [name, undefined]));
      const levels = [{ name: "Manager", approvers: ["ana@example.com", { email: "berta@example.com", name: "Berta" }] }];
      await page.evaluate((names) => {
        for (const name of names) delete RED.nodes.node("approval")![name];
      }, left);
      await set({ levels });
      assert.deepEqual(await reasons(page, "approval", nothing), []);
      await openDialog(page, "approval");
      assert.equal(await meaning(1), "Decided by ana@example.com or Berta; there is no deadline.");
      await showTab(page, "People");
      assert.equal(await page.locator("#abiquo-approval-delegation").isChecked(), true);
      assert.equal(await page.locator("#node-input-noApprover").inputValue(), "keep");
      await showTab(page, "Request");
      assert.equal(await page.locator("#node-input-linkValidity").inputValue(), "168");
      await closeDialog(page, "ok");
      const read = () => Promise.all(["delegation", "requireReason", "scope", "noApprover", "linkValidity", "calendar"].map(property));
      assert.deepEqual(await read(), [undefined, undefined, undefined, undefined, undefined, undefined], "nothing was changed");
      await openDialog(page, "approval");
      await showTab(page, "Request");
      await page.locator("#node-input-key").fill("deploys");
      await closeDialog(page, "ok");
      assert.deepEqual(await read(), [true, "never", "task", "keep", "168", ""], "once something is changed, what was shown is saved");
    });

    it("names the level and what is wrong with it", async () => {
      const wrong: [changes: object, reason: RegExp][] = [
        [{ approvers: "ana" }, /Not an e-mail address, nor role: and a name: ana\./],
        [{ approvers: "[{", approversType: "json" }, /not valid JSON/],
        [{ approvers: '[{"name":"Ana"}]', approversType: "json" }, /Not an e-mail address.*Ana/],
        [{ approvers: "a b", approversType: "msg" }, /no property of a message/],
        [{ need: 0 }, /a whole number from 1/],
        [{ need: 1.5 }, /a whole number from 1/],
        [{ need: "most" }, /a whole number from 1/],
        [{ need: "101%" }, /percentage from 1 to 100/],
        [{ deadline: "soon" }, /Enter a deadline of at most 366 days/],
        [{ deadline: -1 }, /Enter a deadline of at most 366 days/],
        [{ deadline: "", onDeadline: "reject" }, /Enter a deadline, or choose to keep waiting/],
        [{ onDeadline: "shout" }, /“shout” is none of the choices/],
        [{ onDeadline: "escalate", escalateTo: "" }, /Enter who is asked at the deadline/],
        [{ onDeadline: "escalate", escalateTo: "boss" }, /Not an e-mail address.*boss/],
        [{ remindEvery: 366 * 1440 + 1 }, /Enter a time between reminders/],
      ];
      for (const [changes, reason] of wrong) {
        const found = await reasons(page, "approval", { levels: [LEVELS[1], { ...LEVELS[0], ...changes }] });
        assert.equal(found.length, 1, `${JSON.stringify(changes)}: ${JSON.stringify(found)}`);
        assert.match(found[0]!, /^Level 2: /);
        assert.match(found[0]!, reason);
      }
      const nobody = [{ ...LEVELS[0], approvers: "" }];
      assert.match((await reasons(page, "approval", { levels: nobody, noApprover: "keep" }))[0]!, /^Level 1: Enter who decides/);
      assert.deepEqual(await reasons(page, "approval", { levels: nobody }), [], "the fallback decides");
    });

    it("says what is wrong with the other properties", async () => {
      const wrong: [changes: Record<string, unknown>, reason: RegExp][] = [
        [{ levels: [] }, /Levels.*add at least one level/],
        [{ requireReason: "sometimes" }, /^Reason: “sometimes” is none of the choices/],
        [{ scope: "all" }, /“all” is none of the choices; choose one/],
        [{ noApprover: "shrug" }, /“shrug” is none of the choices/],
        [{ delegation: "perhaps" }, /“perhaps” does not say to whom votes may be handed/],
        [{ fallback: "" }, /^Fallback: enter who is asked when nobody else may approve/],
        [{ fallback: "dora" }, /Not an e-mail address.*dora/],
        [{ linkValidity: "long" }, /^Links are valid \(hours\): enter a number/],
        [{ title: "$(", titleType: "jsonata" }, /^Title/],
        [{ calendar: { ...WORKING_TIME, timeZone: "Madrid" } }, /“Madrid” is not a time zone/],
        [{ calendar: { ...WORKING_TIME, days: [] } }, /at least one working day/],
        [{ calendar: { ...WORKING_TIME, to: "08:00" } }, /must end after it begins/],
        [{ calendar: { ...WORKING_TIME, holidays: ["2026-02-30"] } }, /Not a day.*2026-02-30/],
      ];
      for (const [changes, reason] of wrong) {
        const found = await reasons(page, "approval", changes);
        assert.equal(found.length, 1, `${JSON.stringify(changes)}: ${JSON.stringify(found)}`);
        assert.match(found[0]!, reason);
      }
      assert.deepEqual(await reasons(page, "approval", { calendar: JSON.stringify(WORKING_TIME) }), []);
    });

    it("tells two nodes with one key, which would both take the same requests", async () => {
      await page.evaluate(
        (twin) => void RED.nodes.import([{ ...twin, id: "twin", name: "Second" }]),
        FLOW.find(({ id }) => id === "approval")!,
      );
      assert.deepEqual(await reasons(page, "approval", { key: "other" }), []);
      assert.match((await reasons(page, "approval", { key: "twin" }))[0]!, /^Key: the node “Second” has this key too/);
    });

    it("labels every port", async () => {
      const labels = await page.evaluate(() => {
        const node = RED.nodes.node("approval")!;
        return [node._def.inputLabels.call(node), ...[0, 1, 2, 3, 4].map((port) => node._def.outputLabels.call(node, port))];
      });
      assert.deepEqual(labels, ["task, group, vote or control", "notify", "approved", "rejected", "withdrawn", "vote"]);
    });

    it("speaks Spanish, and its texts fit", async () => {
      const spanish = await editor.open(browser, { language: "es-ES" });
      try {
        await openDialog(spanish.page, "approval");
        assert.equal(
          await spanish.page.locator(".abiquo-meaning").first().innerText(),
          "Decide: ana@example.com o berta@example.com; pasado un plazo de 2 horas, se rechaza; se recuerda cada 30 minutos.",
        );
        for (const tab of ["Niveles", "Solicitud", "Personas", "Horario"]) {
          await showTab(spanish.page, tab);
          if (tab === "Horario") await spanish.page.locator("#abiquo-approval-clock").selectOption("business");
          await picture(spanish.page, `${distribution}-approval-es-${tab.toLowerCase()}`);
          assert.ok((await spanish.page.locator(".abiquo-form").evaluate((form) => form.scrollWidth - form.clientWidth)) <= 1, tab);
        }
        await closeDialog(spanish.page, "cancel");
        assert.match((await reasons(spanish.page, "approval", { fallback: "" }))[0]!, /^Reserva: escriba a quién se pregunta/);
        assert.match(await spanish.page.evaluate(() => RED.nodes.getNodeHelp("abiquo-approval")), /Pide a personas que aprueben/);
        assert.deepEqual(spanish.complaints, []);
      } finally {
        await spanish.close();
      }
    });

    if (distribution === "node-red") {
      it("stays readable in the dark theme", async () => {
        const dark = await editor.open(browser, { dark: true });
        try {
          await dark.page.evaluate(() => {
            (RED.nodes.node("approval")!.levels as { need: unknown }[])[0]!.need = 0;
          });
          await openDialog(dark.page, "approval");
          for (const tab of TABS) {
            await showTab(dark.page, tab);
            if (tab === "Working time") await dark.page.locator("#abiquo-approval-clock").selectOption("business");
            await picture(dark.page, `${distribution}-approval-dark-${tab.toLowerCase().replace(" ", "-")}`);
            assert.deepEqual(await faintTexts(dark.page), [], tab);
          }
          await closeDialog(dark.page, "cancel");
        } finally {
          await dark.close();
        }
      });
    }
  });
}
