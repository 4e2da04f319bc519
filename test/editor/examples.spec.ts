import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { launchBrowser } from "./browser.ts";
import { closeDialog, openDialog } from "./dialog.ts";
import { type Editor, type EditorPage, startEditor } from "./editor.ts";

const FOLDER = join(process.cwd(), "examples");
const NODES = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .flatMap(
    (name) => JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as { id: string; type: string; z?: string; disabled?: boolean }[],
  );

/** One of each kind and filling: some examples hold the same node twenty times but for its name and place. */
const DISTINCT = [
  ...new Map(
    NODES.filter(({ type, z }) => type.startsWith("abiquo-") && z !== undefined).map((node) => {
      const { id, z, x, y, wires, name, connection, path, ...filling } = node as Record<string, unknown>;
      return [JSON.stringify(filling), node];
    }),
  ).values(),
];

describe("The examples in the editor", function () {
  this.timeout(120_000);
  let browser: Browser;
  let editor: Editor;
  let opened: EditorPage;

  before(async () => {
    browser = await launchBrowser();
    editor = await startEditor("node-red", NODES, {});
    opened = await editor.open(browser, { onlyDialogs: true });
  });
  after(async () => {
    await opened?.close();
    await editor?.stop();
    await browser?.close();
  });

  it("have no node with a value that is wrong, the secrets apart that everybody enters for themselves", async () => {
    const invalid = await opened.page.evaluate(() => {
      const wrong: string[] = [];
      const look = (node: EditorNode): void => {
        if (node.valid === false) wrong.push(`${node.id}: ${node.validationErrors}`);
      };
      RED.nodes.eachNode(look);
      RED.nodes.eachConfig(look);
      return wrong;
    });
    assert.deepEqual(
      invalid.filter((line) => !/consumer|token|secret/i.test(line)),
      [],
    );
  });

  it("are the same after each of their dialogs was opened and confirmed: a dialog can show every value", async () => {
    const { page } = opened;
    const changed: string[] = [];
    const valuesOf = (node: string): Promise<Record<string, unknown>> =>
      page.evaluate((id) => {
        const shown = RED.nodes.node(id)!;
        return JSON.parse(JSON.stringify(Object.fromEntries(Object.keys(shown._def.defaults).map((name) => [name, shown[name]]))));
      }, node);
    for (const { id } of DISTINCT) {
      const before = await valuesOf(id);
      await openDialog(page, id);
      await closeDialog(page, "ok");
      const after = await valuesOf(id);
      for (const [name, value] of Object.entries(before)) {
        if (JSON.stringify(after[name]) !== JSON.stringify(value))
          changed.push(`${id}.${name}: ${JSON.stringify(value)} is ${JSON.stringify(after[name])}`);
      }
    }
    assert.deepEqual(changed, []);
  });
});
