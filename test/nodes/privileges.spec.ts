import assert from "node:assert/strict";
import { type AbiquoOptions, type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { around, closeFlow, credentials, Flow, node, type Sent, sink } from "./support.ts";

type Privilege = NonNullable<AbiquoOptions["privileges"]>[number];

/** What a node does, the rights that it takes, and how it tells that one is missing. */
interface Case {
  readonly what: string;
  readonly type: string;
  readonly properties: object;
  readonly privileges: readonly Privilege[];
  /** what is sent into the node */
  readonly message: (abiquo: SimulatedAbiquo) => object;
  /** codes of what the node says could not be had, in its message */
  readonly missing?: (message: Sent) => readonly string[];
}

interface Missing {
  readonly missing?: readonly { readonly code: string }[];
}

function whole(abiquo: SimulatedAbiquo): object {
  const [task] = abiquo.hold({ user: "ana" });
  assert.ok(task);
  const machine = `cloud/virtualdatacenters/${task.virtualDatacenter}/virtualappliances/${task.virtualAppliance}/virtualmachines/${task.virtualMachine}`;
  const self = `${abiquo.url}/${machine}/tasks/${task.taskId}`;
  const user = `${abiquo.url}/admin/enterprises/${task.enterprise}/users/${task.user.id}`;
  const links = { self, continue: `${self}/action/continue`, cancel: `${self}/action/cancel`, target: `${abiquo.url}/${machine}`, user };
  return { abiquo: { connection: "config", task: { taskId: task.taskId, type: task.type }, links } };
}

const detailsMissing = (message: Sent): string[] =>
  ((message.abiquo?.details as Missing | undefined)?.missing ?? []).map(({ code }) => code);

const CASES: readonly Case[] = [
  { what: "continues a task", type: "abiquo-continue", properties: {}, privileges: ["WORKFLOW_OVERRIDE"], message: whole },
  { what: "cancels a task", type: "abiquo-cancel", properties: {}, privileges: ["WORKFLOW_OVERRIDE"], message: whole },
  {
    what: "lists what waits in an enterprise",
    type: "abiquo-list-pending",
    properties: { scope: "enterprise", enterprise: "2", emit: "list" },
    privileges: ["WORKFLOW_OVERRIDE"],
    message: () => ({}),
  },
  {
    what: "lists what waits for a user",
    type: "abiquo-list-pending",
    properties: { scope: "user", enterprise: "2", user: "2", emit: "list" },
    privileges: ["WORKFLOW_OVERRIDE", "USERS_VIEW"],
    message: () => ({}),
  },
  {
    what: "lists what waits everywhere",
    type: "abiquo-list-pending",
    properties: { scope: "all", emit: "list" },
    privileges: ["WORKFLOW_OVERRIDE", "ENTERPRISE_ENUMERATE"],
    message: () => ({}),
  },
  {
    what: "reads the platform's workflow",
    type: "abiquo-configure-workflow",
    properties: { target: "platform", action: "read" },
    privileges: [],
    message: () => ({}),
  },
  {
    what: "turns the platform's workflow off",
    type: "abiquo-configure-workflow",
    properties: { target: "platform", action: "disable", force: true },
    privileges: ["SYSCONFIG_ALLOW_MODIFY"],
    message: () => ({}),
  },
  {
    what: "turns an enterprise's workflow on",
    type: "abiquo-configure-workflow",
    properties: { target: "enterprise", action: "enable", enterprise: "3" },
    privileges: ["USERS_MANAGE_ENTERPRISE"],
    message: () => ({}),
  },
  {
    what: "reads who asks",
    type: "abiquo-task-details",
    properties: { include: ["user"] },
    privileges: ["USERS_VIEW"],
    message: whole,
    missing: detailsMissing,
  },
  {
    what: "reads the machine",
    type: "abiquo-task-details",
    properties: { include: ["virtualmachine"] },
    privileges: ["VAPP_CUSTOMISE_SETTINGS"],
    message: whole,
    missing: detailsMissing,
  },
  {
    what: "reads disks and volumes",
    type: "abiquo-task-details",
    properties: { include: ["disks", "volumes"] },
    privileges: ["VAPP_CUSTOMISE_SETTINGS"],
    message: whole,
    missing: detailsMissing,
  },
  {
    what: "reads datacenter and location",
    type: "abiquo-task-details",
    properties: { include: ["virtualdatacenter", "location"] },
    privileges: ["VDC_ENUMERATE"],
    message: whole,
    missing: detailsMissing,
  },
];

/** Enough for each node's work, and no more: what the README tells an administrator to give. */
describe("Rights that the nodes need in Abiquo", () => {
  let abiquo: SimulatedAbiquo;
  afterEach(async () => {
    await closeFlow();
    await abiquo.close();
  });

  async function run({ type, properties, message }: Case, privileges: readonly Privilege[]): Promise<Flow> {
    abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/", recordRequests: true, privileges });
    const flow = await Flow.load([...around(abiquo, "tested"), node("tested", type, ["out", "out"], properties), sink("out")], {
      credentials: credentials(abiquo),
    });
    flow.send("tested", message(abiquo));
    return flow;
  }

  for (const each of CASES) {
    const { what, privileges, missing = () => [] } = each;
    it(`${each.type} ${what} with ${privileges.join(" and ") || "no more than a sign-in"}`, async () => {
      const flow = await run(each, privileges);
      assert.deepEqual(missing(await flow.inbox("out").first()), []);
      assert.equal(flow.inbox("faults").all.length, 0);
    });

    for (const absent of privileges) {
      it(`${each.type}, which ${what}, says that it is forbidden without ${absent}`, async () => {
        const flow = await run(
          each,
          privileges.filter((privilege) => privilege !== absent),
        );
        if (each.missing === undefined) {
          const { code } = await flow.fault();
          assert.ok(code === "ABIQUO_FORBIDDEN" || code === "ABIQUO_UNDELIVERABLE", code);
        } else {
          const codes = missing(await flow.inbox("out").first());
          assert.ok(codes.length > 0 && codes.every((code) => code === "ABIQUO_FORBIDDEN"), codes.join());
        }
        assert.ok(
          abiquo.requests.some(({ status, problem }) => status === 403 && problem?.includes(absent) === true),
          `Abiquo refused for want of ${absent}`,
        );
      });
    }
  }
});
