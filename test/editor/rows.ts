import { WORKING_TIME } from "./values.ts";

/** What may stand in conditions, rules and levels, derived from what reads them (lib/rules, lib/approval/policy.ts). */

const FIELDS = [
  "task.type", " task.type ", "task.requester", "task.enterpriseId", "task.userId", "task.ownerId", "details.virtualmachine.cpu", "details.virtualmachine.ram",
  "details.disks[0].sizeInMb", "details.role.name", "group.count", "group.diskMb", "group.id", "time", "${T_FIELD}", "", undefined, "payload.x", "task", "group.name", "task.__proto__.x",
  "details..x", 5,
];
const OPS = ["eq", "neq", "lt", "gte", "in", "nin", "between", "match", "${T_OP}", "", undefined, "EQ", "is"];
const TYPES = ["", undefined, "str", "num", "bool", "json", "${T_TYPE}", "msg", "date", "jsonata"];
const HOURS = { days: ["mon", "tue"], from: "08:00", to: "20:00", timeZone: "UTC" };
export const WINDOWS = [
  HOURS, JSON.stringify(HOURS), { ...HOURS, days: ["Monday", "FRI"] }, { ...HOURS, days: [] }, { ...HOURS, days: "mon, wed" }, { ...HOURS, days: "" }, { ...HOURS, days: null },
  { from: "08:00", to: "20:00" }, '{"from":"08:00","to":"20:00","timeZone":"UTC"}', { days: ["sun"] }, {}, { from: "9:00" }, { to: "24:00" }, { from: "22:00", to: "6:00" },
  { from: "22:00", to: "00:00" }, { from: "00:00", to: "24:00" }, { from: "" }, { from: null }, { ...HOURS, timeZone: "" }, { ...HOURS, timeZone: " UTC " },
  { ...HOURS, note: "kept" }, { ...HOURS, days: "${T_DAYS}" }, { ...HOURS, from: "${T_HOUR}" }, { ...HOURS, timeZone: "${T_ZONE}" }, { ...HOURS, days: ["${T_DAYS}"] },
  "${T_WINDOW}", { ...HOURS, days: ["someday"] }, { ...HOURS, days: [""] }, { ...HOURS, days: [1] }, { ...HOURS, days: 1 }, { ...HOURS, to: "08:00" }, { from: "00:00", to: "00:00" },
  { from: "24:00" }, { from: "24:00", to: "10:00" }, { from: "8" }, { to: "24:30" }, { ...HOURS, timeZone: "Madrid" },
];
const VALUES = [
  "DEPLOY", "deploy", " DEPLOY ", "root", "5", 5, "5.0", "+5", "-5.5", 0, 1.5, "1e3", "0x10", true, false, "true", "a b", "two\nlines", "${T_NUMBER}", "*-test", "a?",
  "root,admin", "root, admin", " root ,, admin ", '["root","admin"]', '["DEPLOY","UNDEPLOY"]', ["root", "admin"], ["DEPLOY"], ["CAPTURE", "deploy"], [1, 2], ["1", "2"], ["a,b"],
  [true], ["${T_TEXT}", "x"], "1,2", "[1,2]", '["1","2"]', "2,1", [2, 2], { from: 1, to: 2 }, '{"from":1,"to":2}', { from: "1", to: "${T_NUMBER}" }, '"root"', "[", "x".repeat(257),
  ["x".repeat(20)], "12345678901234567890", "", " ", null, undefined, [], [null], [""], {}, [[1]], ",", [1], [1, 2, 3], [2, 1], ["a", "b"], ...WINDOWS,
];

/** Every field with every comparison, type and value. */
export const CONDITIONS: readonly unknown[] = [
  ...FIELDS.flatMap((field) => OPS.flatMap((op) => TYPES.flatMap((valueType) => VALUES.map((value) => ({ field, op, value, valueType }))))),
  "task.type", 5, null, [], {},
];

export const EXPRESSIONS = [
  "task.userId > 3", " task.userId\n  > 3 ", "task.userId\t> 3", 'task.requester = "a\tb"', "$exists(details.role)", "group.count > 2 and true", "", " ", "$(", 5, undefined, null, ["x"], "${T_TEXT}",
].flatMap((value) => [
  { field: "", op: "jsonata", value, valueType: "jsonata" },
  { field: "task.type", op: "jsonata", value },
  { op: "eq", value, valueType: "jsonata" },
]);

const ALWAYS = { name: "R", when: [], outcome: "continue", reason: "" };
/** A rule for each form that a rule may have. */
export const RULES: readonly unknown[] = [
  ALWAYS, { when: [], outcome: "cancel" }, { ...ALWAYS, name: 5, reason: 7 }, { ...ALWAYS, name: " blanks ", reason: "two\nlines" }, { ...ALWAYS, id: "1", note: { kept: true } },
  { ...ALWAYS, outcome: "${T_OUTCOME}" }, { ...ALWAYS, name: "${T_TEXT}" }, { ...ALWAYS, name: null, reason: ["x"] }, { outcome: "review", reason: "order kept", when: [], name: "Z" },
  { ...ALWAYS, when: [{ note: "kept", valueType: "str", value: "DEPLOY", op: "eq", field: "task.type" }] },
  { ...ALWAYS, outcome: "" }, { ...ALWAYS, outcome: "CONTINUE" }, { when: [] }, { outcome: "continue" }, { ...ALWAYS, when: "all" }, { ...ALWAYS, when: null }, { ...ALWAYS, when: {} },
  null, "rule", 5, [], [ALWAYS], {},
];

const LEVEL = {
  name: "Manager", approvers: "ana@example.com, berta@example.com", approversType: "str", need: "any", deadline: 120, onDeadline: "reject", escalateTo: "",
  escalateToType: "str", remindEvery: 30,
};
const PEOPLE = [
  "ana@example.com", " ana@example.com ;\nberta@example.com", "role:ENTERPRISE_ADMIN", "ROLE: a role", '["ana@example.com"]', '{"email":"ana@example.com","name":"Ana"}',
  ["ana@example.com", { email: "berta@example.com", name: "Berta", aliases: ["U1"], note: "kept" }], { email: "ana@example.com" }, { role: "X" }, [{ role: "X", email: null }],
  [{ email: "ana@example.com", aliases: "U1, U2" }], [{ email: "ana@example.com", aliases: 7 }], "${T_PERSON}", ["${T_PERSON}"], "ana@example.com, ${T_PERSON}", "ana", "ana@", 5, true,
  ["ana@example.com", 5], [{ name: "Ana" }], [{ email: "ana@example.com", aliases: [""] }], "[{", "a b@example.com", "ana@example.com\u0007", [[]], { role: "" }, "ana@[10.0.0.1]", "ana@example.com.", "ana@example..com", "ana@exa_mple.com", "ana+x@example.com", '"ana"@example.com', "a\u200bna@example.com",
  "\u0430na@example.com", "ana@\u0435xample.com", "\u0430\u043d\u044f@\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444", "a,victim@example.com", `${"x".repeat(65)}@example.com`, `ana@${"x".repeat(250)}.com`, "ana@-x.com", "@example.com",
];
const TIMES = [0, "0", 90, "90", " 90 ", 1440, 2880, 0.5, 1.333, "1e2", "0x10", 527_040, "${T_NUMBER}", ...["", null, undefined], -1, "soon", 527_041, true, [5], "Infinity"];
const fields: Record<string, unknown[]> = {
  name: ["", 5, " blanks ", "two\nlines", "${T_TEXT}", null, undefined, {}],
  need: ["any", "all", "ANY", " all ", 1, "2", 2.0, "2.0", "0x2", "50%", "50 %", "050%", "100%", "${T_NEED}", "", null, undefined, 0, -1, 1.5, "most", "0%", "101%", "1000%", "5.5%", true, [2], "%"],
  deadline: TIMES,
  onDeadline: ["wait", "reject", "approve", "escalate", "${T_AT_DEADLINE}", "", null, undefined, 0, "shout", " wait ", "WAIT", true],
  remindEvery: TIMES,
};

/** A level for each value of each field, and those that hang together in all combinations. */
export const LEVELS: readonly unknown[] = [
  LEVEL, { approvers: "ana@example.com" }, { ...LEVEL, note: { kept: [1] } }, null, "level", 5, [], [LEVEL],
  ...Object.entries(fields).flatMap(([name, values]) => values.map((value) => ({ ...LEVEL, [name]: value }))),
  ...["approvers", "escalateTo"].flatMap((name) => PEOPLE.flatMap((value) => ["str", "json", undefined, "other"].map((type) => ({ ...LEVEL, [name]: value, [`${name}Type`]: type })))),
  ...["msg", "str"].map((type) => ({ ...LEVEL, approvers: "team.people", approversType: type })),
  ...fields["onDeadline"]!.flatMap((onDeadline) => TIMES.map((deadline) => ({ ...LEVEL, onDeadline, deadline, escalateTo: "boss@example.com" }))),
];

/** The whole of the levels. */
export const LEVEL_LISTS: readonly unknown[] = [
  [LEVEL], JSON.stringify([LEVEL]), JSON.stringify([LEVEL], null, 2), JSON.stringify(LEVEL), LEVEL, "${T_LEVELS}", [LEVEL, { ...LEVEL, name: "Owners" }],
  JSON.stringify([{ ...LEVEL, approvers: "people", approversType: "msg" }]), { ...LEVEL, approvers: "people", approversType: "msg" },
  JSON.stringify([{ ...LEVEL, approvers: "${T_PERSON}" }]), JSON.stringify([{ ...LEVEL, need: "${T_NEED}" }]), JSON.stringify([{ ...LEVEL, onDeadline: "${T_AT_DEADLINE}" }]),
  [{ approvers: [{ email: "a@example.com", aliases: ["x"] }] }, { approvers: [{ email: "b@example.com", aliases: ["X"] }] }],
  [{ approvers: [{ email: "a@example.com", aliases: ["b@example.com"] }, "b@example.com"] }], [{ approvers: [{ email: "a@example.com", aliases: ["b@example.com"] }, { email: "b@example.com", aliases: ["c"] }] }],
  [{ approvers: [{ email: "a+x@example.com", aliases: ["x"] }, { email: "A@example.com", aliases: ["x"] }] }],
  [{ approvers: [{ email: "a@example.com", aliases: ["b@example.com", "x"] }, { email: "b@example.com", aliases: ["x"] }] }],
  "", null, undefined, [], "[]", "nonsense", "ana@example.com", 5, {}, '"x"', '["x"]',
];

export { WORKING_TIME };
