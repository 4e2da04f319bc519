import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { clashingAliases, parsePolicy } from "../../nodes/lib/approval/index.ts";
import { compileRules } from "../../nodes/lib/rules/index.ts";
import { launchBrowser } from "./browser.ts";
import { type Editor, type EditorPage, startEditor } from "./editor.ts";
import { FLOW } from "./flow.ts";
import { CONDITIONS, EXPRESSIONS, LEVEL_LISTS, LEVELS, RULES } from "./rows.ts";
import { ENVIRONMENT, nodeOf, SAMPLES, type Sample } from "./values.ts";

type Node = Record<string, unknown>;

const SECRETS = {
  consumerKey: "a",
  consumerSecret: "b",
  accessToken: "c",
  accessTokenSecret: "d",
  username: "e",
  password: "f",
  bearerToken: "g",
  secret: "h",
  url: "postgresql://abiquo@127.0.0.1:9/none",
};

let browser: Browser;
before(async () => {
  browser = await launchBrowser();
});
after(async () => {
  await browser.close();
});

/** Nodes with one sample each, for Node-RED to judge. */
const judged = SAMPLES.map((sample, index) => nodeOf(sample, `judged-${index}`, index));

/** Nodes with as many samples each as do not meet in a property: fewer dialogs to open. They are not started. */
function packed(samples: readonly Sample[]): Node[] {
  const packs: Sample[] = [];
  for (const { type, properties } of samples) {
    const fits = (pack: Sample): boolean =>
      pack.type === type &&
      Object.keys(properties).every((name) => !Object.hasOwn(pack.properties, name) || pack.properties[name] === properties[name]);
    const free = packs.findIndex(fits);
    if (free < 0) packs.push({ type, properties });
    else packs[free] = { type, properties: { ...packs[free]!.properties, ...properties } };
  }
  return packs.map((pack, index) => ({ ...nodeOf(pack, `packed-${index}`, index), d: true }));
}

/** Some of many, spread over all of them. */
function spread<T>(all: readonly T[], count: number): T[] {
  const step = Math.max(1, all.length / count);
  return Array.from({ length: Math.min(count, all.length) }, (_, index) => all[Math.floor(index * step)]!);
}

const ROWS = 160;
const conditions = [...spread(CONDITIONS, ROWS), ...EXPRESSIONS];
const decision = (id: string, rules: unknown): Node => ({
  ...nodeOf({ type: "abiquo-task-decision", properties: { rules } }, id, 0),
  d: true,
});
const approval = (id: string, levels: unknown): Node => ({
  ...nodeOf({ type: "abiquo-approval", properties: { levels } }, id, 0),
  d: true,
});
const listed: Node[] = [
  decision("rules", RULES),
  ...Array.from({ length: 5 }, (_, part) =>
    decision(
      `conditions-${part}`,
      conditions.filter((_, at) => at % 5 === part).map((condition) => ({ name: "", when: [condition], outcome: "review", reason: "" })),
    ),
  ),
  ...Array.from({ length: 5 }, (_, part) =>
    approval(
      `levels-${part}`,
      spread(LEVELS, ROWS).filter((_, at) => at % 5 === part),
    ),
  ),
  ...LEVEL_LISTS.map((levels, index) => approval(`levels-whole-${index}`, levels)),
];

/** As Node-RED replaces variables before a node reads its properties. */
function substituted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(substituted);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, substituted(part)]));
  const [, name = ""] = typeof value === "string" ? (/^\$\{(\S+)\}$/.exec(value) ?? []) : [];
  return (ENVIRONMENT as Record<string, string>)[name] ?? value;
}

function isAccepted(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

/** Runs in the browser: opens a dialog, presses Done, and tells of the node before and after. */
async function openAndDone(id: string): Promise<{ before: string; after: string; changed: boolean; valid: boolean[] }> {
  const node = RED.nodes.node(id)!;
  const isConfig = node._def.category === "config";
  const shown = (): string => JSON.stringify(RED.nodes.createExportableNodeSet([node]).find((each) => each.id === id));
  const until = async (holds: () => boolean): Promise<void> => {
    for (let waited = 0; !holds(); waited += 20) {
      if (waited > 20_000) throw new Error(`the dialog of ${id}: not ${holds}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const before = shown();
  const valid = [RED.editor.validateNode(node)];
  if (isConfig) RED.editor.editConfig("", node.type, id);
  else RED.editor.edit(node);
  await until(() => $(".red-ui-tray .abiquo-form").length > 0);
  $(isConfig ? "#node-config-dialog-ok" : "#node-dialog-ok").trigger("click");
  await until(() => $(".red-ui-tray").length === 0);
  valid.push(node.valid);
  return { before, after: shown(), changed: node.changed === true, valid };
}

for (const distribution of ["node-red-4", "node-red"] as const) {
  describe(`A dialog in ${distribution === "node-red" ? "Node-RED 5" : "Node-RED 4.1"} whose author changes nothing`, () => {
    let editor: Editor;
    let opened: EditorPage;
    let page: Page;
    // What differs between the two is how a dialog is closed, and not what its fields take.
    const [packs, lists] = distribution === "node-red" ? [packed(SAMPLES), listed] : [spread(packed(SAMPLES), 40), spread(listed, 10)];

    const start = async (nodes: readonly Node[]): Promise<void> => {
      const base = FLOW.map((node) => (node.id === "webhook" ? { ...node, path: "/base" } : node));
      const flows = [...base, { id: "samples", type: "tab", label: "Samples" }, ...nodes];
      editor = await startEditor(distribution, flows, Object.fromEntries(flows.map(({ id }) => [String(id), SECRETS])), ENVIRONMENT);
      opened = await editor.open(browser, { onlyDialogs: true });
      page = opened.page;
    };
    const stop = async (): Promise<void> => {
      await opened?.close();
      await editor?.stop();
    };

    describe("and that looks at the node from outside", () => {
      before(() => start(judged));
      after(stop);

      it("finds those values right that Node-RED accepts at the start, and no others", async () => {
        const start = editor.logs().split("Started flows")[0]!;
        const refused = new Set([...start.matchAll(/\[error\] \[[\w-]+:(judged-\d+)\]/g)].map(([, id]) => id));
        const verdicts = await page.evaluate(
          (ids) => ids.map((id) => [RED.nodes.node(id)!.valid, RED.nodes.node(id)!.validationErrors] as const),
          judged.map(({ id }) => String(id)),
        );
        const wrong = SAMPLES.flatMap(({ type, properties, failsLater }, index) => {
          const [valid, problems] = verdicts[index]!;
          const accepted = !refused.has(`judged-${index}`);
          const right = failsLater === true ? accepted && !valid : accepted === valid;
          return right ? [] : [`${type} ${JSON.stringify(properties)}: accepted ${accepted}, valid ${valid} ${problems ?? ""}`];
        });
        assert.deepEqual(wrong, []);
        assert.ok(refused.size > 100 && refused.size < SAMPLES.length - 100, `${refused.size} of ${SAMPLES.length} refused`);
      });

      it("finds those conditions right that the rules accept, and no others", async () => {
        const rules = [...spread(CONDITIONS, 10_000), ...EXPRESSIONS].map((condition) => ({ when: [condition], outcome: "review" }));
        const texts = [...rules, ...RULES].map((rule) => JSON.stringify([rule]));
        const accepts = (value: unknown): boolean => isAccepted(() => compileRules(value, { otherwise: "review", scope: "task" }));
        const verdicts = await page.evaluate((all) => {
          const node = RED.nodes.node("decision")!;
          const isValid = (value: unknown): boolean => node._def.defaults["rules"]!.validate!.call(node, value, {}) === true;
          return all.map((text) => [isValid(JSON.parse(text)), isValid(text)]);
        }, texts);
        const wrong = texts.flatMap((text, index) => {
          const [valid, validText] = verdicts[index]!;
          // Variables are replaced in a list, and not in a text.
          const [accepted, acceptedText] = [accepts(substituted(JSON.parse(text))), accepts(text)];
          const isRight = text.includes("${") ? !accepted || valid : accepted === valid;
          return isRight && acceptedText === validText
            ? []
            : [`${text}: accepted ${accepted}, valid ${valid}; as text ${acceptedText}, ${validText}`];
        });
        assert.deepEqual(spread(wrong, 20), [], `${wrong.length} of ${texts.length}`);
      });

      it("finds those levels right that approvals accept, and no others but those that name somebody", async () => {
        const texts = [...LEVELS.map((level) => [level]), ...LEVEL_LISTS].map((levels) => JSON.stringify(levels ?? null));
        const verdicts = await page.evaluate((all) => {
          const node = RED.nodes.node("approval")!;
          const without = Object.assign(Object.create(node) as EditorNode, { fallback: "dora@example.com", noApprover: "fallback" });
          return all.map((text) => node._def.defaults["levels"]!.validate!.call(without, JSON.parse(text), {}));
        }, texts);
        const wrong = texts.flatMap((text, index) => {
          const accepted = isAccepted(() => readLevels(substituted(JSON.parse(text))));
          const isIncomplete = String(verdicts[index]).includes("Enter who is asked at the deadline");
          if (text.includes("${") && !accepted) return [];
          return accepted === (verdicts[index] === true) || (accepted && isIncomplete)
            ? []
            : [`${text}: accepted ${accepted}, ${verdicts[index]}`];
        });
        assert.deepEqual(spread(wrong, 20), [], `${wrong.length} of ${texts.length}`);
      });
    });

    describe("and presses Done", () => {
      /** Where a dialog throws, Node-RED logs it and goes on: nothing is changed then either. */
      const broken: string[] = [];
      before(async () => {
        await start([...packs, ...lists]);
        page.on("console", (message) => void (/^onedit/.test(message.text()) && broken.push(message.text())));
      });
      after(stop);

      const leavesAlone = (name: string, nodes: readonly Node[]): void => {
        it(`leaves ${name} as it was, byte for byte`, async () => {
          for (const { id } of nodes) {
            const { before, after, changed, valid } = await page.evaluate(openAndDone, String(id));
            assert.equal(after, before);
            assert.equal(changed, false, `${id} counts as changed: ${before}`);
            assert.equal(valid[1], valid[0], `${id} was valid: ${valid[0]}: ${before}`);
          }
          assert.deepEqual(broken, []);
        }).timeout(180_000);
      };
      for (const type of new Set(packs.map(({ type }) => String(type))))
        leavesAlone(
          type,
          packs.filter((node) => node["type"] === type),
        );
      leavesAlone(
        "every form of rules",
        lists.filter(({ type }) => type === "abiquo-task-decision"),
      );
      leavesAlone(
        "every form of levels",
        lists.filter(({ type }) => type === "abiquo-approval"),
      );
    });
  });
}

/** As the node reads its levels at the start. */
function readLevels(levels: unknown): void {
  let given = levels;
  if (typeof given === "string") {
    try {
      given = JSON.parse(given) as unknown;
    } catch {
      given = levels;
    }
  }
  const later = (level: unknown): unknown => {
    const own = { ...(level as Node) };
    for (const name of ["approvers", "escalateTo"]) if (own[`${name}Type`] === "msg") own[name] = "";
    return typeof level === "object" && level !== null && !Array.isArray(level) ? own : level;
  };
  const policy = parsePolicy({
    levels: Array.isArray(given) ? given.map(later) : given,
    noApprover: "fallback",
    fallback: "dora@example.com",
  });
  assert.deepEqual(clashingAliases(policy, {}), []);
}
