import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { LinkKeys } from "../../nodes/lib/approval/index.ts";
import { keptKeyRing } from "../../nodes/lib/engine/approvals/kept.ts";
import { type NodeRedProcess, type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { catcher, posted, type Report, reporter, Sink, startUnderTest, webhook } from "./under-test.ts";

export const PUBLIC = "https://approvals.example.com/red";
export const MIA = { email: "mia@example.com", name: "Mia Soler" };
export const BEN = { email: "ben@example.com", name: "Ben Okafor" };
export const FINANCE = { email: "finance@example.com", name: "Finance desk" };
export const HOUR = 60 * 60_000;

export interface Approval {
  readonly id: string;
  readonly kind: string;
  readonly level: number;
  readonly links: { readonly page: string; readonly inbox: string };
}

/** What the requests of each path ask for. */
const LANES: Readonly<Record<string, object>> = {
  any: { levels: [{ name: "Managers", approvers: [MIA, BEN], need: "any" }], requireReason: "reject" },
  all: {
    levels: [
      { name: "Team leads", approvers: [MIA, BEN], need: "all", deadline: 480, onDeadline: "reject" },
      { name: "Finance", approvers: [FINANCE], need: "any" },
    ],
    requireReason: "always",
  },
  quick: { levels: [{ name: "Managers", approvers: [MIA, BEN], need: "any", deadline: 0.01, onDeadline: "reject" }] },
  spanish: {
    levels: [{ name: "Responsables", approvers: [MIA, BEN], need: "all", deadline: 1_440, onDeadline: "approve" }],
    language: "es-ES",
  },
};

/** A hook for each kind of request, with the facts of the machines, and Abiquo's answer behind it. */
function siteFlows(sink: Sink, abiquo: SimulatedAbiquo): object[] {
  const include = ["user", "enterprise", "virtualmachine", "disks", "virtualappliance", "virtualdatacenter"];
  const lanes = Object.entries(LANES).flatMap(([lane, terms]) => [
    webhook(`hook-${lane}`, { path: `/${lane}`, auth: "none", emit: "group", wires: [[`facts-${lane}`]] }),
    { id: `facts-${lane}`, type: "abiquo-task-details", z: "tab", connection: "config", include, wires: [[`ask-${lane}`]] },
    {
      id: `ask-${lane}`,
      type: "abiquo-approval",
      z: "tab",
      connection: "config",
      scope: "group",
      ...terms,
      wires: [["notify-body"], ["approved-body", "go"], ["rejected-body", "stop"], ["withdrawn-body"], ["control-body"]],
    },
  ]);
  return [
    { id: "tab", type: "tab", label: "Pages" },
    {
      id: "config",
      type: "abiquo-config",
      name: "Abiquo",
      url: abiquo.url,
      auth: "oauth1",
      timeout: 5,
      publicUrl: PUBLIC,
      trustedProxies: "127.0.0.1",
      identityHeader: "X-Forwarded-Email",
    },
    ...lanes,
    { id: "go", type: "abiquo-continue", z: "tab", connection: "config", wires: [["answered-body"], []] },
    { id: "stop", type: "abiquo-cancel", z: "tab", connection: "config", wires: [["answered-body"], []] },
    ...posted("say", "ask-any"),
    ...["notify", "approved", "rejected", "withdrawn", "control", "answered"].flatMap((path) => reporter(sink, path)),
    ...catcher(sink),
  ];
}

/** A Node-RED whose requests come from the simulated Abiquo. */
export class Site {
  readonly abiquo: SimulatedAbiquo;
  readonly sink: Sink;
  readonly nodeRed: NodeRedProcess;

  private constructor(abiquo: SimulatedAbiquo, sink: Sink, nodeRed: NodeRedProcess) {
    this.abiquo = abiquo;
    this.sink = sink;
    this.nodeRed = nodeRed;
  }

  static async start(folder: string, settings: Record<string, unknown> = {}): Promise<Site> {
    const abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/" });
    const sink = await Sink.start();
    const nodeRed = await startUnderTest(folder, abiquo, sink, {
      flows: siteFlows(sink, abiquo),
      credentials: { config: { ...abiquo.credentials.oauth } },
      settings,
    });
    return new Site(abiquo, sink, nodeRed);
  }

  async stop(): Promise<void> {
    await this.nodeRed.stop();
    await this.abiquo.close();
    await this.sink.close();
  }

  /** What each person was told of a new request, by address. */
  async ask(lane: string, count = 3): Promise<{ ids: string[]; approval: string; mia: Approval; ben: Approval }> {
    this.sink.clear();
    this.abiquo.setEndpoint(`${this.nodeRed.nodeUrl}${lane}`);
    const { tasks } = await this.abiquo.submit({ type: "DEPLOY", count, cpu: 4, ram: 8_192 });
    const [mia, ben] = [await this.told(MIA.email), await this.told(BEN.email)];
    return { ids: tasks.map(({ taskId }) => taskId), approval: mia.id, mia, ben };
  }

  async told(email: string, kind = "asked"): Promise<Approval> {
    const approvalOf = (report: Report): Approval => (report.body.abiquo as unknown as { approval: Approval }).approval;
    const [report] = await this.sink.have("notify", 1, (each) => each.body["to"] === email && approvalOf(each).kind === kind);
    assert.ok(report);
    return approvalOf(report);
  }

  /** Where a link of a mail leads in this Node-RED. */
  local(link: string): string {
    return link.replace(`${PUBLIC}/`, this.nodeRed.nodeUrl);
  }

  get(link: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.local(link), { headers });
  }

  post(link: string, fields: Record<string, string> | URLSearchParams, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.local(link), { method: "POST", headers, body: new URLSearchParams(fields) });
  }

  async control(command: object): Promise<void> {
    const headers = { "Content-Type": "application/json" };
    await this.nodeRed.request("/say", { method: "POST", headers, body: JSON.stringify({ control: command }) });
    await this.sink.have("control");
  }

  /** The keys that sign this Node-RED's links. */
  get keys(): LinkKeys {
    const ledger = new DatabaseSync(join(this.nodeRed.userDir, "abiquo-workflow.sqlite"), { readOnly: true });
    try {
      const row = ledger.prepare("select value from setting where name = 'link-keys'").get() as { value: string };
      return keptKeyRing.read(row.value).keys;
    } finally {
      ledger.close();
    }
  }
}
