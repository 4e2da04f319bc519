import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isNode, literal, parseScript, property, registrationsIn, type SyntaxNode, scriptsOf, walk } from "./editor-source.ts";
import { faults } from "./fault-registry.ts";
import { filesBelow, ROOT } from "./tarball.ts";
import { statusesOf, textsOf } from "./word-registry.ts";

const NODES = join(ROOT, "nodes");
const LANGUAGES = ["en-US", "es-ES"] as const;

const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { "node-red": { nodes: object } };
const types = Object.keys(manifest["node-red"].nodes);
const read = (path: string): string => readFileSync(join(NODES, path), "utf8");
/** As Node-RED reads it. */
const built = (path: string): string => readFileSync(join(ROOT, "dist", path), "utf8");
const programs = filesBelow(NODES).filter((path) => path.endsWith(".ts"));

function flatten(value: unknown, prefix = ""): [key: string, text: string][] {
  if (typeof value === "string") return [[prefix, value]];
  return Object.entries(value as object).flatMap(([key, inner]) => flatten(inner, prefix === "" ? key : `${prefix}.${key}`));
}

function catalogue(language: string, type: string): Map<string, string> {
  return new Map(flatten(JSON.parse(built(`locales/${language}/${type}.json`))));
}

const placeholders = (text: string): string[] => [...text.matchAll(/__(\w+?)__/g)].map(([, name]) => name ?? "").sort();

/** The keys that a form names, by its data-i18n attributes. */
function keysInForm(type: string): string[] {
  const attributes = [...built(`${type}.html`).matchAll(/data-i18n="([^"]+)"/g)].flatMap(([, attribute = ""]) => attribute.split(";"));
  return attributes.map((part) => part.replace(/^\[[\w-]+\]/, ""));
}

/** What a dialog's script holds that may be a key, or the beginning of one: types see to it that it is a right one. */
function textsInScript(type: string): { readonly whole: Set<string>; readonly beginnings: Set<string> } {
  const nodes = scriptsOf(built(`${type}.html`)).flatMap((source) => [...walk(parseScript(source))]);
  const strings = (texts: readonly unknown[]): Set<string> => new Set(texts.filter((text) => typeof text === "string"));
  const starts = nodes.map(beginning).filter((start) => start?.endsWith("."));
  // Every reason is asked for in one place, by its own name.
  return { whole: strings(nodes.map(literal)), beginnings: strings(starts.filter((start) => start !== "invalid.")) };
}

/** Keys travel through helpers, whole or with a last part that is worked out. */
function scriptHolds(script: ReturnType<typeof textsInScript> | undefined, key: string): boolean {
  return script !== undefined && (script.whole.has(key) || [...script.beginnings].some((start) => key.startsWith(start)));
}

/** What a text that is put together begins with. */
function beginning(node: SyntaxNode): string | undefined {
  if (node.type === "TemplateLiteral") return ((node["quasis"] as SyntaxNode[])[0]?.["value"] as { cooked?: string } | undefined)?.cooked;
  const start = node.type === "BinaryExpression" ? literal(leftmost(node)) : undefined;
  return typeof start === "string" ? start : undefined;
}

function leftmost(node: SyntaxNode): SyntaxNode {
  const left = node["left"];
  return isNode(left) && left.type === "BinaryExpression" ? leftmost(left) : (left as SyntaxNode);
}

describe("The texts", () => {
  it("of a refused request names the privilege for each kind of fact, and for tasks", () => {
    const readme = readFileSync(join(ROOT, "README.md"), "utf8");
    const row = /^ *\| (answering and listing tasks|requester|machine|virtual datacenter)\b.*$/gm;
    const privileges = [...readme.matchAll(row)].map(([text]) => /`([A-Z_]+)`/.exec(text)?.[1] ?? text);
    assert.equal(privileges.length, 4);
    for (const language of LANGUAGES) {
      const text = catalogue(language, "abiquo-config").get("abiquo-config.faults.ABIQUO_FORBIDDEN") ?? "";
      assert.deepEqual(
        privileges.filter((privilege) => !text.includes(privilege)),
        [],
        language,
      );
    }
  });

  for (const type of types) {
    it(`${type}: have the same keys and placeholders in English and Spanish, and none is empty`, () => {
      const [english, spanish] = LANGUAGES.map((language) => catalogue(language, type));
      assert.deepEqual([...spanish!.keys()].sort(), [...english!.keys()].sort());
      for (const [key, text] of english!) {
        assert.notEqual(text.trim(), "", key);
        assert.notEqual(spanish!.get(key)!.trim(), "", key);
        assert.deepEqual(placeholders(spanish!.get(key)!), placeholders(text), key);
      }
    });

    it(`${type}: are all its own, or the palette's`, () => {
      const roots = Object.keys(JSON.parse(built(`locales/en-US/${type}.json`)) as object);
      const category = literal(property(registrationsIn(built(`${type}.html`))[0]!.definition, "category"));
      assert.deepEqual(roots.sort(), category === "config" ? [type] : [type, "palette"].sort());
      if (category !== "config") assert.ok(catalogue("en-US", type).has("palette.label.Abiquo"));
    });

    it(`${type}: has help in both languages, whose first paragraph fits a tooltip`, () => {
      for (const language of LANGUAGES) {
        const help = built(`locales/${language}/${type}.html`);
        assert.match(help, new RegExp(`^<script type="text/html" data-help-name="${type}">`));
        const first = /<p>([\s\S]*?)<\/p>/.exec(help)?.[1]?.replace(/\s+/g, " ") ?? "";
        assert.ok(first.length > 20 && first.length <= 140, `${language}: the first paragraph has ${first.length} characters`);
        assert.doesNotMatch(help, /style=|<table|class="(?!message-properties|property-type|optional|node-ports)/);
      }
    });

    it(`${type}: has a label for each port, and help that lists several outputs one by one`, () => {
      const definition = registrationsIn(built(`${type}.html`))[0]!.definition;
      const inputs = Number(literal(property(definition, "inputs")) ?? 0);
      const outputs = Number(literal(property(definition, "outputs")) ?? 0);
      assert.equal(property(definition, "inputLabels") !== undefined, inputs > 0);
      assert.equal(property(definition, "outputLabels") !== undefined, outputs > 0);
      if (outputs < 2) return;
      for (const language of LANGUAGES) {
        const ports = /<ol class="node-ports">([\s\S]*?)<\/ol>/.exec(built(`locales/${language}/${type}.html`))?.[1] ?? "";
        assert.equal(ports.match(/<li>/g)?.length, outputs, language);
      }
    });
  }

  it("keep status within twenty characters", () => {
    for (const type of types) {
      for (const language of LANGUAGES) {
        for (const [key, text] of catalogue(language, type)) {
          if (key.includes(".status.")) assert.ok(text.replace(/__\w+__/g, "99").length <= 20, `${language} ${key}: ${text}`);
        }
      }
    }
  });

  it("hold every key that forms name", () => {
    const known = allKeys();
    for (const type of types) {
      const keys = keysInForm(type);
      assert.notEqual(keys.length, 0, type);
      assert.deepEqual(
        keys.filter((key) => !known.includes(`${type}:${key}`)),
        [],
      );
    }
  });

  for (const type of types) {
    it(`${type}: hold what programs ask for, and name the values that they give`, () => {
      for (const language of LANGUAGES) {
        const texts = catalogue(language, type);
        for (const [key, names] of textsOf(type)) {
          const forms = formsOf(texts, `${type}.${key}`);
          assert.notDeepEqual(forms, [], `${language}: ${key} has no words`);
          assert.deepEqual([...new Set(forms.flatMap(placeholders))].sort(), [...names].sort(), `${language}: ${key}`);
        }
      }
    });

    it(`${type}: hold no status that the node does not show`, () => {
      const shown = statusesOf(type).map(([key]) => `${type}.status.${key}`);
      const worded = [...catalogue("en-US", type).keys()].map(withoutForm).filter((key) => key.startsWith(`${type}.status.`));
      assert.deepEqual([...new Set(worded)].sort(), shown.sort());
    });
  }

  it("hold nothing that neither dialogs nor programs ask for", () => {
    const forms = new Map(types.map((type) => [type, new Set(keysInForm(type))]));
    const scripts = new Map(types.map((type) => [type, textsInScript(type)]));
    const unused = allKeys().filter((key) => {
      const [type = "", inSet = ""] = key.split(":");
      const own = inSet.slice(type.length + 1);
      return (
        forms.get(type)?.has(inSet) !== true &&
        !scriptHolds(scripts.get(type), own) &&
        !(own.startsWith("invalid.") && [...scripts.values()].some(({ whole }) => whole.has(own.slice("invalid.".length)))) &&
        !inSet.startsWith("palette.") &&
        !inSet.startsWith("abiquo-config.faults.") &&
        !/^abiquo-approval\.(pages|mail)\./.test(inSet) &&
        !textsOf(type).some(([asked]) => asked === own)
      );
    });
    assert.deepEqual(unused, []);
  });

  it("hold words for every fault, and for nothing that is none", () => {
    for (const language of LANGUAGES) {
      const start = "abiquo-config.faults.";
      const worded = [...catalogue(language, "abiquo-config").keys()].filter((key) => key.startsWith(start));
      const codes = [...new Set(faults.map(([code]) => code))];
      assert.deepEqual(worded.map((key) => key.slice(start.length)).sort(), codes.sort(), language);
    }
  });

  it("of a fault name only what its parameters give", () => {
    for (const language of LANGUAGES) {
      const texts = catalogue(language, "abiquo-config");
      const strange = faults.flatMap(([code, names]) =>
        placeholders(texts.get(`abiquo-config.faults.${code}`) ?? "")
          .filter((name) => !names.includes(name))
          .map((name) => `${code}: ${name}`),
      );
      assert.deepEqual(strange, [], language);
    }
  });
});

describe("The texts of pages and mails", () => {
  const own = ([key]: [key: string, text: string]): boolean => /^(pages|mail)\./.test(key);
  const textsIn = (language: string): Map<string, string> => {
    const all = JSON.parse(built(`locales/${language}/abiquo-approval.json`)) as Record<string, object>;
    return new Map(flatten(all["abiquo-approval"]).filter(own));
  };
  const english = textsIn("en-US");

  it("have the same keys and placeholders in English and Spanish, and none is empty", () => {
    const spanish = textsIn("es-ES");
    assert.deepEqual([...spanish.keys()].sort(), [...english.keys()].sort());
    for (const [key, text] of english) {
      assert.notEqual(text.trim(), "", key);
      assert.notEqual(spanish.get(key)?.trim(), "", key);
      assert.deepEqual(placeholders(spanish.get(key) ?? ""), placeholders(text), key);
    }
  });

  it("have both forms of each plural", () => {
    const keys = [...english.keys()];
    for (const key of keys.filter((name) => name.endsWith("_one"))) assert.ok(english.has(key.replace(/_one$/, "_other")), key);
    for (const key of keys.filter((name) => name.endsWith("_other"))) assert.ok(english.has(key.replace(/_other$/, "_one")), key);
  });

  it("are those that the pages ask for, no less and no more", () => {
    const keys = [...new Set([...english.keys()].map((key) => key.replace(/_(one|other)$/, "")))];
    const source = programs
      .filter((path) => path.startsWith("lib/pages/"))
      .map(read)
      .join("\n");
    const asked = [...source.matchAll(/(?:["`])((?:pages|mail)\.[^"`\s]+)["`]/g)].map(([, key = ""]) => key);
    const patterns = asked.map(
      (key) => new RegExp(`^${key.replace(/[.]/g, "\\.").replace(/\$\{\w+(\\\.\w+)?\}/g, "[\\w-]*")}(\\.[\\w-]+)?$`),
    );
    assert.ok(patterns.length > 50, "the search still finds the keys");
    assert.deepEqual(
      asked.filter((_, at) => !keys.some((key) => patterns[at]?.test(key))),
      [],
    );
    assert.deepEqual(
      keys.filter((key) => !patterns.some((pattern) => pattern.test(key))),
      [],
    );
  });
});

/** A key without the ending of a plural. */
function withoutForm(key: string): string {
  return key.replace(/_(one|other)$/, "");
}

/** The text of a key, or both forms of it where it counts. */
function formsOf(texts: ReadonlyMap<string, string>, key: string): readonly string[] {
  const plain = texts.get(key);
  if (plain !== undefined) return [plain];
  const [one, other] = [texts.get(`${key}_one`), texts.get(`${key}_other`)];
  return one === undefined || other === undefined ? [] : [one, other];
}

/** All keys as `set:key`, plurals without their ending. */
function allKeys(): string[] {
  const keys = types.flatMap((type) => [...catalogue("en-US", type).keys()].map((key) => `${type}:${key}`));
  return [...new Set(keys.map(withoutForm))];
}
