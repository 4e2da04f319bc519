/** Secrets that must never leave the server, by node. */
export const CREDENTIALS = {
  connection: {
    consumerKey: "consumer-key-of-the-test",
    consumerSecret: "consumer-secret-of-the-test",
    accessToken: "token-of-the-test",
    accessTokenSecret: "token-secret-of-the-test",
  },
  webhook: { secret: "webhook-secret-of-the-test" },
};

export const RULES = [
  {
    name: "Office hours",
    when: [
      { field: "task.type", op: "eq", value: "DEPLOY", valueType: "str" },
      {
        field: "time",
        op: "in",
        value: { days: ["mon", "tue", "wed", "thu", "fri"], from: "09:00", to: "18:00", timeZone: "Europe/Madrid" },
        valueType: "json",
      },
    ],
    outcome: "continue",
    reason: "Single deploys pass in office hours",
  },
  { name: "Large groups", when: [{ field: "group.count", op: "gt", value: "10", valueType: "num" }], outcome: "review", reason: "" },
  {
    name: "All the rest of it",
    when: [
      { field: "task.type", op: "in", value: ["UNDEPLOY", "RECONFIGURE"], valueType: "json" },
      { field: "task.requester", op: "match", value: "test-*", valueType: "str" },
      { field: "task.enterpriseId", op: "in", value: ["7", "9"], valueType: "json" },
      { field: "group.count", op: "between", value: [2, 5], valueType: "json" },
      { field: "task.ownerId", op: "eq", value: "true", valueType: "bool" },
      { field: "", op: "jsonata", value: "task.userId > 3", valueType: "jsonata" },
    ],
    outcome: "cancel",
    reason: "Nobody asked for it",
  },
];

export const LEVELS = [
  {
    name: "Manager", approvers: "ana@example.com, berta@example.com", approversType: "str", need: "any", deadline: 120, onDeadline: "reject",
    escalateTo: "", escalateToType: "str", remindEvery: 30,
  },
  {
    name: "Owners", approvers: '[{"email":"carla@example.com","name":"Carla","aliases":["U024BE7LH"]},{"role":"CLOUD_ADMIN"}]',
    approversType: "json", need: "50%", deadline: 2880, onDeadline: "escalate", escalateTo: "board", escalateToType: "msg", remindEvery: "",
  },
  {
    name: "", approvers: "role:ENTERPRISE_ADMIN", approversType: "str", need: 2, deadline: "${ABIQUO_DEADLINE}", onDeadline: "wait",
    escalateTo: "", escalateToType: "str", remindEvery: 1440,
  },
];

/** One flow that shows every node of the palette, connected. */
export const FLOW = [
  { id: "flow", type: "tab", label: "Tasks" },
  {
    id: "connection", type: "abiquo-config", name: "", url: "http://127.0.0.1:9/api", apiVersion: "6.1", auth: "oauth1", tls: "", proxy: "",
    timeout: 30, publicUrl: "", trustedProxies: "", store: "store", pace: 0,
  },
  { id: "store", type: "abiquo-store", name: "", engine: "sqlite", file: "" },
  {
    id: "webhook", type: "abiquo-webhook-in", z: "flow", name: "", connection: "connection", path: "/abiquo/workflow", auth: "secret",
    allowFrom: "", emit: "task", maxBody: 16, verify: false, x: 150, y: 120, wires: [["decision"]],
  },
  {
    id: "decision", type: "abiquo-task-decision", z: "flow", name: "", connection: "", rulesFrom: "node",
    rulesFile: "", rulesProperty: "rules", rules: RULES, otherwise: "review", scope: "task",
    x: 370, y: 120, wires: [["continue"], ["cancel"], []],
  },
  {
    id: "continue", type: "abiquo-continue", z: "flow", name: "", connection: "", task: "abiquo", taskType: "msg", message: "",
    messageType: "str", x: 600, y: 80, wires: [[], []],
  },
  {
    id: "cancel", type: "abiquo-cancel", z: "flow", name: "", connection: "", task: "abiquo", taskType: "msg", message: "",
    messageType: "str", x: 600, y: 160, wires: [[], []],
  },
  {
    id: "list", type: "abiquo-list-pending", z: "flow", name: "", connection: "connection", scope: "user", enterprise: "1",
    enterpriseType: "str", user: "2", userType: "str", stage: "held", filter: "", limit: 0, emit: "task", x: 150, y: 240, wires: [[]],
  },
  {
    id: "details", type: "abiquo-task-details", z: "flow", name: "", connection: "connection", source: "facts", include: ["user", "disks"],
    rel: "", path: "", pathType: "str", mediaType: "", property: "payload", x: 150, y: 320, wires: [[]],
  },
  {
    id: "configure", type: "abiquo-configure-workflow", z: "flow", name: "", connection: "connection", target: "platform",
    action: "enable", endpoint: "webhook", endpointType: "webhook", enterprise: "", enterpriseType: "str", force: false, x: 400, y: 240,
    wires: [[]],
  },
  {
    id: "approval", type: "abiquo-approval", z: "flow", name: "", connection: "", key: "", scope: "group", title: "topic", titleType: "msg",
    levels: LEVELS, requireReason: "reject", allowSelfApproval: false, allowSamePersonTwice: true, delegation: true, noApprover: "fallback",
    fallback: "dora@example.com", linkValidity: 24, calendar: "", language: "es-ES", x: 600, y: 240, wires: [[], [], [], [], []],
  },
];

export const PALETTE = [
  "abiquo-webhook-in",
  "abiquo-task-details",
  "abiquo-task-decision",
  "abiquo-approval",
  "abiquo-continue",
  "abiquo-cancel",
  "abiquo-list-pending",
  "abiquo-configure-workflow",
];
