import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { exposition } from "../../nodes/lib/base/exposition.ts";
import { EngineMetrics } from "../../nodes/lib/engine/index.ts";
import { openLedger } from "../../nodes/lib/ledger/index.ts";
import { readExposition } from "../support/exposition.ts";
import { ROOT } from "./tarball.ts";

/** The one that Node-RED brings. */
const { load } = createRequire(join(ROOT, "node_modules", "@node-red", "nodes", "package.json"))("js-yaml") as {
  load(text: string): unknown;
};

const FUNCTIONS = new Set("absent rate increase histogram_quantile sum max min by and or unless".split(" "));

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string };
}

/** Names of metrics, with the labels that are named for them, and labels that results are grouped by. */
function namesIn(expr: string): { readonly metrics: [name: string, labels: string[]][]; readonly grouped: string[] } {
  const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = ""]) => list.split(",").map((each) => each.trim()));
  const rest = expr.replace(/\bby \([^)]*\)/g, "by").replace(/\[\d+[smhd]\]/g, "");
  const metrics = [...rest.matchAll(/([a-z_][a-z0-9_]*)(?:\{([^}]*)\})?/g)].flatMap(
    ([, name = "", selector = ""]): [string, string[]][] => {
      if (FUNCTIONS.has(name)) return [];
      return [[name, [...selector.matchAll(/(\w+)\s*(?:=~|!=|!~|=)/g)].map(([, label = ""]) => label)]];
    },
  );
  return { metrics: metrics.filter(([name]) => name.startsWith("abiquo_")), grouped };
}

function isBalanced(expr: string): boolean {
  const open: string[] = [];
  const pairs: Readonly<Record<string, string>> = { ")": "(", "}": "{", "]": "[" };
  for (const sign of expr.replace(/"[^"]*"/g, '""')) {
    if ("({[".includes(sign)) open.push(sign);
    else if (sign in pairs && open.pop() !== pairs[sign]) return false;
  }
  return open.length === 0;
}

describe("Dashboard and alert rules", () => {
  const dashboard = JSON.parse(readFileSync(join(ROOT, "deploy", "grafana-dashboard.json"), "utf8")) as {
    panels: { id: number; title: string; targets?: { expr: string }[] }[];
  };
  const rules = (
    load(readFileSync(join(ROOT, "deploy", "prometheus-alerts.yml"), "utf8")) as { groups: { rules: Rule[] }[] }
  ).groups.flatMap((group) => group.rules);
  const expressions = [
    ...dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const)),
    ...rules.map(({ alert, expr }) => [alert, expr] as const),
  ];
  /** labels by the name of each series that there is */
  const series = new Map<string, Set<string>>();

  before(async () => {
    const ledger = await openLedger({ engine: "sqlite", file: ":memory:" });
    const metrics = new EngineMetrics();
    metrics.attach(ledger);
    metrics.observe({ kind: "circuit", connection: "c", state: "open" });
    metrics.observe({
      kind: "decided",
      connection: "c",
      key: { api: "a", taskId: "t" },
      action: "continue",
      by: "b",
      cause: "rule",
      ms: 1,
    });
    const found = readExposition(exposition(await metrics.read((id) => id)));
    await ledger.close();
    for (const { name, type, samples } of found.values()) {
      const names = type === "histogram" ? ["_bucket", "_sum", "_count"].map((end) => name + end) : [name];
      for (const each of names) series.set(each, new Set(["instance", "job", ...samples.flatMap(({ labels }) => Object.keys(labels))]));
    }
    // What the store's node adds, and what an empty store has no samples of.
    const more = { abiquo_info: "version", abiquo_store_up: "", abiquo_connection_up: "connection", abiquo_misconfigured_nodes: "" };
    const empty = { abiquo_oldest_seconds: "stage", abiquo_tenant_tasks: "tenant", abiquo_level_requests: "level" };
    for (const [name, label] of Object.entries({ ...more, ...empty })) series.set(name, new Set(["instance", "job", label]));
  });

  it("ask for metrics that there are, by labels that they have", () => {
    assert.ok(expressions.length > 30);
    for (const [title, expr] of expressions) {
      const { metrics, grouped } = namesIn(expr);
      assert.notEqual(metrics.length, 0, `${title}: ${expr}`);
      assert.ok(isBalanced(expr), `${title}: ${expr}`);
      const labels = new Set<string>();
      for (const [name, asked] of metrics) {
        const known = series.get(name);
        assert.ok(known !== undefined, `${title}: there is no ${name}`);
        for (const label of known) labels.add(label);
        for (const label of asked) assert.ok(known.has(label), `${title}: ${name} has no ${label}`);
      }
      for (const label of grouped) assert.ok(labels.has(label), `${title}: nothing to group by ${label}`);
    }
  });

  it("take the rate of counters only, and quantiles of buckets only", () => {
    for (const [title, expr] of expressions) {
      for (const [, name = ""] of expr.matchAll(/(?:rate|increase)\((\w+)/g)) assert.match(name, /_(total|bucket|count|sum)$/, title);
      if (expr.includes("histogram_quantile")) assert.match(expr, /_bucket\b.*\ble\b|\ble\b.*_bucket\b/, title);
    }
  });

  it("number panels once, and name alerts once, each with what to do in the guide", () => {
    const ids = dashboard.panels.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    const guide = readFileSync(join(ROOT, "docs", "production.md"), "utf8");
    for (const { alert, labels, annotations, for: span = "1m" } of rules) {
      assert.ok(guide.includes(`\`${alert}\``), `${alert} is not in the guide`);
      assert.match(labels.severity, /^(critical|warning|info)$/);
      assert.ok(annotations.summary.length > 10);
      assert.match(span, /^\d+[smhd]$/);
    }
    assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length);
  });

  it("are read with every counter that there is: what is new is to be shown", () => {
    const shown = expressions.map(([, expr]) => expr).join("\n");
    const unshown = [...series.keys()].filter((name) => !/_(sum|count|bucket)$/.test(name) && !shown.includes(name));
    assert.deepEqual(unshown, []);
  });
});
