import { MIGRATIONS, versionOf } from "../../nodes/lib/base/definitions.ts";
import { FLOW } from "./flow.ts";

/**
 * What may stand in the properties of the nodes, derived from what reads them at the start (lib/node-red/config.ts,
 * lib/rules, lib/approval/policy.ts) and not from the dialogs: values typed and as text, lists in each of their forms,
 * variables, nothing, and what is refused. Whether a value is accepted is for Node-RED to say.
 */
export interface Sample {
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  /** Accepted at the start, and refused or worth nothing once it is used: a dialog says so before. */
  readonly failsLater?: true;
}

/** What the variables of the samples stand for. */
export const ENVIRONMENT = {
  ABIQUO_DEADLINE: "60",
  T_URL: "http://127.0.0.1:9/api",
  T_VERSION: "6.1",
  T_AUTH: "oauth1",
  T_NUMBER: "5",
  T_HEADER: "X-User",
  T_NETS: "10.0.0.0/8, 10.1.0.0/16",
  T_NET: "10.0.0.0/8",
  T_ENGINE: "sqlite",
  T_TEXT: "text",
  T_PATH: "/from/variable",
  T_WAY: "none",
  T_EMIT: "group",
  T_FLAG: "yes",
  T_PARTS: "user, disks",
  T_PART: "user",
  T_KIND: "refusal",
  T_OTHER_KIND: "head",
  T_KINDS: "decision, refusal",
  T_SCOPE: "me",
  T_STAGE: "asked",
  T_TARGET: "enterprise",
  T_ACTION: "read",
  T_FROM: "node",
  T_OUTCOME: "cancel",
  T_TASK: "task",
  T_RULES: "[]",
  T_OP: "eq",
  T_FIELD: "task.type",
  T_TYPE: "str",
  T_WINDOW: '{"days":["mon"],"from":"08:00"}',
  T_DAYS: "mon,tue",
  T_HOUR: "08:00",
  T_ZONE: "UTC",
  T_PERSON: "ana@example.com",
  T_NEED: "2",
  T_AT_DEADLINE: "wait",
  T_LEVELS: '[{"approvers":"ana@example.com"}]',
  T_REASON: "never",
  T_NOBODY: "reject",
  T_CALENDAR: "{}",
  T_DATE: "2026-12-25",
};

const NOTHING = ["", null, undefined];
const FLAGS = [
  true,
  false,
  "true",
  "false",
  "TRUE",
  "1",
  "0",
  1,
  0,
  "yes",
  "No",
  "on",
  "OFF",
  " true ",
  "${T_FLAG}",
  ...NOTHING,
  "perhaps",
  2,
  "tru",
  " ${T_FLAG} ",
  "constructor",
  "1.0",
  [true],
];
const ENTERPRISES = [
  "12",
  "12, 34",
  "12;34",
  "12\n34",
  '["12","34"]',
  ["12"],
  [],
  "${T_NUMBER}",
  ["${T_NUMBER}"],
  ...NOTHING,
  5,
  '["12"',
  " ${T_NUMBER} ",
];
const NETWORKS = [
  "10.0.0.0/8",
  "10.0.0.0/8, 192.0.2.7",
  "10.0.0.1;10.0.0.2",
  "10.0.0.1\n10.0.0.2",
  '["10.0.0.0/8","::1"]',
  ["10.0.0.0/8", "2001:db8::/32"],
  [],
  "::1",
  "10.0.0.1/08",
  "${T_NETS}",
  ["${T_NET}"],
  " 10.0.0.1 ",
  ...NOTHING,
  "10.0.0.1 10.0.0.2",
  "somewhere",
  "10.0.0.300",
  "10.0.0.0/33",
  '["10.0.0.0/8"',
  "10.0.0.1/",
  "010.0.0.1",
  "10.0.0.1/8/8",
  "10.0.0.1, ${T_NET}",
  "1.2.3.4.5",
  " ${T_NETS} ",
  "10.0.0.1\r\n10.0.0.2",
  "::ffff:10.0.0.1",
  "fe80::1%eth0",
  "1::2::3",
  "[::1]",
  "2001:DB8::/32",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7::",
  "10.0.0.1/+8",
  "10.0.0.1/ 8",
  '["10.0.0.1", 5]',
  '["10.0.0.1"] ',
  ["10.0.0.1, 10.0.0.2"],
  "{}",
  5,
];
const numbers = (least: number): unknown[] => [
  least,
  String(least),
  5,
  "5",
  " 5 ",
  "1e2",
  "0x10",
  86_400,
  "${T_NUMBER}",
  ...NOTHING,
  -1,
  "-0.5",
  "soon",
  "5 MB",
  "Infinity",
  " ${T_NUMBER} ",
  "0b11",
  "1_000",
  "+5",
  "5.",
  "NaN",
  "1e400",
  " ",
  true,
  [5],
  [],
  ...(least > 0 ? [0, least / 2] : []),
];
const choices = (variable: string, ...names: string[]): unknown[] => [
  ...names,
  ` ${names[0]} `,
  `\${${variable}}`,
  ...NOTHING,
  "other",
  names[0]!.toUpperCase(),
  ` \${${variable}} `,
  "constructor",
  [names[0]],
];
const TEXTS = ["", "text", " text ", 5, "two\nlines", "${T_TEXT}", "$(T_TEXT)", "a ${T_TEXT}", null, undefined];

/** A typed property: its value with its type. */
const typed = (name: string): Record<string, unknown>[] =>
  [
    ["abc", "msg"],
    ["payload.ids[0]", "msg"],
    ["abc", undefined],
    ["abc", ""],
    ["abc", "str"],
    [123, "str"],
    [" abc ", "str"],
    ["two\nlines", "str"],
    ["abc", "flow"],
    ["#:(default)::abc", "global"],
    ["payload.id", "jsonata"],
    ['payload\n& "x"', "jsonata"],
    ["ABC", "env"],
    ['["1","2"]', "json"],
    ["5", "num"],
    ["true", "bool"],
    ["", "date"],
    ["${T_TEXT}", "str"],
    [" ${T_TEXT} ", "str"],
    [" ${T_TEXT} ", "msg"],
    ["${T_TEXT}", "msg"],
    ["abc", "${T_TYPE}"],
    ["abc", "unheard-of"],
    ["$(", "jsonata"],
    ["", "jsonata"],
  ].map(([value, type]) => ({ [name]: value, [`${name}Type`]: type }));

const each = (type: string, name: string, values: readonly unknown[], others: object = {}): Sample[] =>
  values.map((value) => ({ type, properties: { ...others, [name]: value } }));
const all = (type: string, sets: readonly object[], others: object = {}): Sample[] =>
  sets.map((own) => ({ type, properties: { ...others, ...own } }));
const later = (samples: readonly Sample[]): Sample[] => samples.map((sample) => ({ ...sample, failsLater: true }));

const CONFIG = [
  ...each("abiquo-config", "url", [
    "http://127.0.0.1:9/api",
    " http://127.0.0.1:9/api/ ",
    "HTTP://127.0.0.1:9/api?",
    "${T_URL}",
    ...NOTHING,
    " ",
    "cloud.example.com",
    "ftp://cloud.example.com/api",
    "https://me:secret@cloud.example.com/api",
    "https://cloud.example.com/api?a=1",
    "https://cloud.example.com/#a",
    5,
    " ${T_URL} ",
    "$(T_URL)",
    "http://a b/api",
    "http://",
    "https:cloud.example.com/api",
    "//cloud.example.com/api",
    "http://cloud.example.com:99999/api",
    "http://[::1]/api",
    "https://me@cloud.example.com/api",
    "https://cloud.example.com/api#",
    "javascript:alert(1)",
    ["http://127.0.0.1:9/api"],
  ]),
  ...each("abiquo-config", "apiVersion", [
    "6.1",
    6.1,
    " 6.1 ",
    "${T_VERSION}",
    ...NOTHING,
    "six",
    "6",
    6,
    "6.1.2",
    "6,1",
    " ${T_VERSION} ",
    "06.10",
    "6. 1",
  ]),
  ...each("abiquo-config", "auth", choices("T_AUTH", "oauth1", "basic", "bearer")),
  ...each("abiquo-config", "timeout", numbers(0.1)),
  ...each("abiquo-config", "pace", numbers(0)),
  ...each("abiquo-config", "publicUrl", [
    "https://red.example.com",
    "https://red.example.com/nodes/",
    " https://red.example.com ",
    "${T_URL}",
    ...NOTHING,
  ]),
  ...later(each("abiquo-config", "publicUrl", ["red.example.com", "https://red.example.com/?a=1"])),
  ...each("abiquo-config", "identityHeader", ["X-Forwarded-Email", "X_User", " X-User ", "${T_HEADER}", " ${T_HEADER} ", ...NOTHING]),
  ...later(each("abiquo-config", "identityHeader", ["X Forwarded", "a:b"])),
  ...each("abiquo-config", "trustedProxies", NETWORKS),
];

const STORE = [
  ...each("abiquo-store", "engine", choices("T_ENGINE", "sqlite", "postgres")),
  ...each("abiquo-store", "file", [...TEXTS, " ${T_TEXT} "]),
  ...each("abiquo-store", "keep", numbers(0)),
  // Each path of its own: of two stores that claim one, the second does not work.
  ...each("abiquo-store", "metrics", ["text", " other ", 5, "two\nlines", "${T_ZONE}", "a ${T_TEXT}", " ${T_TEXT} ", ...NOTHING]),
];

const WEBHOOK = [
  ...each("abiquo-webhook-in", "path", ["/with/slash", "without/slash", "/at/end/", " /with/blanks ", "${T_PATH}", " ${T_PATH} ", ""]),
  ...later(each("abiquo-webhook-in", "path", ["/a b", "/a/../b"])),
  ...each("abiquo-webhook-in", "auth", choices("T_WAY", "secret", "basic", "none")),
  ...each("abiquo-webhook-in", "allowFrom", NETWORKS),
  ...each("abiquo-webhook-in", "emit", choices("T_EMIT", "task", "group")),
  ...each("abiquo-webhook-in", "maxBody", numbers(0.001)),
  ...each("abiquo-webhook-in", "verify", FLAGS),
  ...each("abiquo-webhook-in", "catchUp", numbers(0)),
  ...each("abiquo-webhook-in", "enterprises", ENTERPRISES),
];

const EVENTS = each("abiquo-events", "kinds", [
  ["decision"],
  ["head", "receipt", "drift"],
  "decision, refusal",
  '["delivery"]',
  "${T_KINDS}",
  ["${T_KIND}", "${T_OTHER_KIND}"],
  [],
  ["decision", "everything"],
  "everything",
]);

const DETAILS = [
  ...each("abiquo-task-details", "source", [...choices("T_TEXT", "facts").filter((value) => value !== "${T_TEXT}")]),
  ...each("abiquo-task-details", "include", [
    ["user"],
    ["location", "user"],
    ["user", "disks"],
    [],
    "user",
    "user, disks",
    "user;disks",
    "user\ndisks",
    '["user","disks"]',
    " user ",
    "${T_PARTS}",
    ["${T_PART}"],
    ...NOTHING,
    "everything",
    "User",
    ["user", "all"],
    '["user"',
    '{"user":true}',
    "user disks",
    5,
    " ${T_PARTS} ",
    "constructor",
    ["user", 5],
    '["user"] x',
    "[user]",
    ["user, disks"],
  ]),
  ...each("abiquo-task-details", "rel", ["target", "virtualmachine.nics", " target ", "${T_TEXT}", " ${T_TEXT} ", 5, ...NOTHING, " "], {
    source: "rel",
  }),
  ...each(
    "abiquo-task-details",
    "mediaType",
    [
      "virtualmachine",
      " virtualmachine ",
      "application/vnd.abiquo.virtualmachine+json",
      "application/vnd.abiquo.virtualmachine+json; version=6.1",
      "${T_TEXT}",
      ...NOTHING,
      "a b",
      "VirtualMachine",
      "text",
    ],
    { source: "rel", rel: "target" },
  ),
  ...each("abiquo-task-details", "property", ["payload", " payload ", "abiquo.x", "a[0].b", "${T_TEXT}", ...NOTHING, "a b", "a..b"], {
    source: "rel",
    rel: "target",
  }),
  ...all("abiquo-task-details", typed("path"), { source: "path" }),
  ...later(
    all(
      "abiquo-task-details",
      [
        { path: "", pathType: "str" },
        { path: "a b", pathType: "msg" },
        { path: "https://x/y", pathType: "str" },
      ],
      { source: "path" },
    ),
  ),
];

const ANSWERS = ["abiquo-continue", "abiquo-cancel"].flatMap((type) => [
  ...all(type, [
    ...typed("task"),
    { task: "", taskType: "msg" },
    { task: undefined, taskType: undefined },
    { task: null, taskType: "msg" },
  ]),
  ...all(type, [...typed("message"), { message: "", messageType: "str" }, { message: undefined, messageType: undefined }]),
  ...later(
    all(type, [
      { task: "", taskType: "str" },
      { task: "a b", taskType: "msg" },
      { message: "a b", messageType: "msg" },
      { message: "", messageType: "msg" },
    ]),
  ),
]);

const LIST = [
  ...each("abiquo-list-pending", "scope", choices("T_SCOPE", "enterprise", "user", "me", "all", "ledger"), { enterprise: "1", user: "2" }),
  ...each("abiquo-list-pending", "stage", choices("T_STAGE", "held", "asked", "decided", "undeliverable"), { scope: "ledger" }),
  ...each("abiquo-list-pending", "filter", [...TEXTS, " ${T_TEXT} "]),
  ...each("abiquo-list-pending", "limit", numbers(0)),
  ...each("abiquo-list-pending", "limit", [1.5, "2.5", "2.0"]),
  ...each(
    "abiquo-list-pending",
    "emit",
    choices("T_EMIT", "task", "list").filter((value) => value !== "${T_EMIT}"),
  ),
  ...all("abiquo-list-pending", typed("enterprise"), { scope: "enterprise" }),
  ...all("abiquo-list-pending", typed("user"), { scope: "user", enterprise: "1" }),
  ...all("abiquo-list-pending", typed("user"), { scope: "me" }),
  ...later(
    all("abiquo-list-pending", [
      { enterprise: "", enterpriseType: "str" },
      { enterprise: undefined },
      { scope: undefined, enterprise: "" },
    ]),
  ),
];

const CONFIGURE = [
  ...each("abiquo-configure-workflow", "target", choices("T_TARGET", "platform", "enterprise"), { enterprise: "1" }),
  ...each("abiquo-configure-workflow", "action", choices("T_ACTION", "read", "enable", "disable")),
  ...each("abiquo-configure-workflow", "force", FLAGS, { action: "disable" }),
  ...all("abiquo-configure-workflow", typed("enterprise"), { target: "enterprise" }),
  ...all(
    "abiquo-configure-workflow",
    typed("endpoint").filter(
      ({ endpoint, endpointType }) => !["str", "", undefined].includes(endpointType as string) || endpoint === "${T_TEXT}",
    ),
    {
      action: "enable",
    },
  ),
  ...all(
    "abiquo-configure-workflow",
    [
      { endpoint: "https://red.example.com/x", endpointType: "str" },
      { endpoint: "https://red.example.com/x", endpointType: undefined },
    ],
    {
      action: "enable",
    },
  ),
  ...all(
    "abiquo-configure-workflow",
    [
      { endpoint: "", endpointType: "webhook" },
      { endpoint: undefined, endpointType: undefined },
      { endpoint: "gone", endpointType: "webhook" },
    ],
    {
      action: "read",
    },
  ),
  ...later(
    all(
      "abiquo-configure-workflow",
      [
        { endpoint: "gone", endpointType: "webhook" },
        { endpoint: "", endpointType: "webhook" },
        { endpoint: "nonsense", endpointType: "str" },
      ],
      {
        action: "enable",
      },
    ),
  ),
];

const RULE = { name: "", when: [], outcome: "review", reason: "" };
const DECISION = [
  ...each("abiquo-task-decision", "rulesFrom", [...choices("T_FROM", "node"), "file", "msg"], { rulesFile: "rules.json" }),
  ...each("abiquo-task-decision", "rulesFile", ["rules.json", " rules.json ", "${T_TEXT}", ...NOTHING, " "], { rulesFrom: "file" }),
  ...each("abiquo-task-decision", "rulesProperty", ["rules", " rules ", "a.b", "${T_TEXT}", ...NOTHING, " "], { rulesFrom: "msg" }),
  ...later(each("abiquo-task-decision", "rulesProperty", ["a b"], { rulesFrom: "msg" })),
  ...each("abiquo-task-decision", "rulesProperty", NOTHING),
  ...each("abiquo-task-decision", "otherwise", choices("T_OUTCOME", "review", "continue", "cancel")),
  ...each("abiquo-task-decision", "scope", choices("T_TASK", "task", "group")),
  ...each("abiquo-task-decision", "rules", [
    [],
    [RULE],
    JSON.stringify([RULE]),
    ` ${JSON.stringify([RULE], null, 2)} `,
    "[]",
    "${T_RULES}",
    ...NOTHING,
    "nonsense",
    {},
    "{}",
    "null",
    " ",
    5,
    RULE,
    JSON.stringify(RULE),
  ]),
  ...each("abiquo-task-decision", "rules", [[{ ...RULE, outcome: "nothing" }], "no list"], { rulesFrom: "msg" }),
];

export const WORKING_TIME = { timeZone: "Europe/Madrid", days: [1, 2, 3], from: "09:00", to: "18:00", holidays: ["2026-12-25"] };
export const CALENDARS = [
  "${T_CALENDAR}",
  ...NOTHING,
  {},
  "{}",
  "null",
  WORKING_TIME,
  JSON.stringify(WORKING_TIME),
  { ...WORKING_TIME, note: "kept" },
  { days: "mon, tue" },
  { days: ["MON", 2, "3"] },
  { days: "" },
  { days: null, from: "08:00" },
  { from: "00:00", to: "24:00" },
  { timeZone: "" },
  { timeZone: " UTC " },
  { holidays: "2026-12-25, 2026-12-26" },
  { holidays: '["2026-12-25"]' },
  { holidays: "" },
  { timeZone: "${T_ZONE}" },
  { days: "${T_DAYS}" },
  { days: ["mon", "${T_NUMBER}"] },
  { from: "${T_HOUR}" },
  { holidays: ["${T_DATE}"] },
  { from: " 09:00 " },
  { days: [3, 1] },
  '{"timeZone":"${T_ZONE}"}',
  { timeZone: "Madrid" },
  { days: [] },
  { days: ["Monday"] },
  { days: 3 },
  { days: [0] },
  { from: "18:00", to: "09:00" },
  { from: "9:00" },
  { from: "24:00" },
  { to: "24:30" },
  { holidays: ["2026-02-30"] },
  { holidays: 5 },
  "business",
  [WORKING_TIME],
  5,
  true,
];

const LEVEL = { approvers: "ana@example.com" };
const APPROVAL = [
  ...each(
    "abiquo-approval",
    "key",
    TEXTS.map((value, index) => (value === "text" || value === " text " ? `${value}${index}` : value)),
  ),
  ...each("abiquo-approval", "levels", ["${T_LEVELS}", [LEVEL], JSON.stringify([LEVEL]), "nonsense", 5, [5]]),
  ...each("abiquo-approval", "scope", choices("T_TASK", "task", "group")),
  ...all("abiquo-approval", [...typed("title"), { title: "", titleType: "str" }, { title: undefined, titleType: undefined }]),
  ...each("abiquo-approval", "requireReason", choices("T_REASON", "never", "reject", "always")),
  ...each("abiquo-approval", "allowSelfApproval", FLAGS),
  ...each("abiquo-approval", "allowSamePersonTwice", FLAGS),
  ...each(
    "abiquo-approval",
    "delegation",
    [
      ...FLAGS,
      "example.com",
      "example.com, ana@example.org",
      ["@intranet", "ana@example.org"],
      '["example.com"]',
      [],
      "${T_NET}",
      ["${T_PERSON}"],
      "intranet",
      ["a b"],
      "example.com, ",
    ].filter((value) => value !== "${T_NET}"),
  ),
  ...each("abiquo-approval", "noApprover", choices("T_NOBODY", "keep", "reject", "fallback"), { fallback: "dora@example.com" }),
  ...each(
    "abiquo-approval",
    "fallback",
    [
      "dora@example.com",
      "a@example.com, b@example.com",
      "a@example.com\nb@example.com",
      '["a@example.com"]',
      ["a@example.com", { email: "b@example.com", name: "B" }],
      { role: "CLOUD_ADMIN" },
      "role:CLOUD_ADMIN",
      "${T_PERSON}",
      ["${T_PERSON}"],
      ...NOTHING,
      "dora",
      5,
      "a@example.com, ${T_PERSON}",
    ],
    { noApprover: "fallback" },
  ),
  ...each("abiquo-approval", "fallback", [...NOTHING, "dora"]),
  ...each("abiquo-approval", "linkValidity", numbers(1)),
  ...each("abiquo-approval", "language", ["en-US", "es-ES", "fr", "es", "${T_TEXT}", ...NOTHING, 5]),
  ...each("abiquo-approval", "calendar", CALENDARS),
];

/** Absent in what 0.1.0 wrote; the next one means that a newer release wrote the node. */
const VERSIONS = Object.keys(MIGRATIONS).flatMap((type) => {
  return each(type, "version", [versionOf(type), String(versionOf(type)), undefined, versionOf(type) + 1, 0, 1.5, "", "one", null, true]);
});

const NAMES = Object.keys(MIGRATIONS).flatMap((type) => each(type, "name", TEXTS));

export const SAMPLES: readonly Sample[] = [
  ...NAMES,
  ...VERSIONS,
  ...CONFIG,
  ...STORE,
  ...WEBHOOK,
  ...DETAILS,
  ...EVENTS,
  ...ANSWERS,
  ...LIST,
  ...CONFIGURE,
  ...DECISION,
  ...APPROVAL,
];

const TEMPLATES = new Map(FLOW.filter(({ type }) => type !== "tab").map((node) => [node.type, node as Record<string, unknown>]));

/** The node of a sample, on its own flow. */
export function nodeOf({ type, properties }: Sample, id: string, number: number): Record<string, unknown> {
  const own: Record<string, unknown> = {
    ...TEMPLATES.get(type),
    ...(type === "abiquo-webhook-in" ? { path: `/samples/${number}` } : {}),
    ...properties,
    id,
    wires: [],
  };
  if (own["z"] !== undefined) Object.assign(own, { z: "samples", x: 200 + 250 * (number % 8), y: 40 + 40 * Math.floor(number / 8) });
  for (const [name, value] of Object.entries(own)) if (value === undefined) delete own[name];
  return own;
}
