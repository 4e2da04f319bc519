import { isObject, textOf } from "../../lib/base/json.ts";
import { FACT_OPS, type FactOp, isOneOf, MEMBERSHIP_OPS, operatorOf } from "../../lib/rules/settings.ts";
import { say } from "./texts.ts";

/** What the rows offer, in the groups in which they offer it. */
const FIELDS = {
  task: {
    "task.type": "type",
    "task.requester": "text",
    "task.enterpriseId": "tenant",
    "task.virtualDatacenterId": "id",
    "task.virtualApplianceId": "id",
    "task.userId": "id",
  },
  details: {
    "details.virtualmachine.cpu": "cpu",
    "details.virtualmachine.ram": "megabytes",
    "details.virtualmachine.label": "text",
    "details.virtualmachine.template": "text",
    "details.role.name": "role",
    "details.enterprise.name": "text",
    "details.virtualdatacenter.name": "text",
    "details.location.name": "text",
  },
  group: {
    "group.count": "number",
    "group.cpu": "cpu",
    "group.ram": "megabytes",
    "group.diskMb": "megabytes",
  },
  other: { time: "time", path: "path", jsonata: "jsonata" },
} as const;

type Groups = typeof FIELDS;
type FieldIn<Group> = Group extends unknown ? keyof Group & string : never;
export type Field = FieldIn<Groups[keyof Groups]>;

const OF_NUMBERS = ["gt", "gte", "lt", "lte", "eq", "neq", "between"] as const;
const OF_IDS = ["eq", "neq", "in", "nin"] as const;

/** The comparisons of each kind of field, in the order in which they are offered; an expression has none. */
const OPS = {
  type: OF_IDS,
  text: ["match", "eq", "neq", "in", "nin"],
  tenant: OF_IDS,
  role: ["eq", "neq", "in", "nin", "match"],
  id: OF_IDS,
  number: OF_NUMBERS,
  cpu: OF_NUMBERS,
  megabytes: OF_NUMBERS,
  time: MEMBERSHIP_OPS,
  path: FACT_OPS,
  jsonata: [],
} as const satisfies Readonly<Record<string, readonly FactOp[]>>;

export type Kind = keyof typeof OPS;

const GROUPS = Object.keys(FIELDS) as (keyof Groups)[];
const KINDS: ReadonlyMap<string, Kind> = new Map(GROUPS.flatMap((group) => Object.entries(FIELDS[group])));
const NUMERIC_KINDS: readonly Kind[] = ["number", "cpu", "megabytes"];

/** The kind of a field that is offered; undefined while none is chosen. */
export function kindOf(field: string): Kind | undefined {
  return KINDS.get(field);
}

export function isNumeric(kind: Kind): boolean {
  return NUMERIC_KINDS.includes(kind);
}

export function operatorsOf(kind: Kind | undefined): readonly FactOp[] {
  return kind === undefined ? [] : OPS[kind];
}

export function operatorText(kind: Kind | undefined, op: FactOp): string {
  return kind === "time" && isOneOf(MEMBERSHIP_OPS, op) ? say(`opTime.${op}`) : say(`op.${op}`);
}

export function fieldSelect(): JQuery {
  const element = $("<select>", { "aria-label": say("label.field"), class: "abiquo-field" });
  $("<option>").val("").text(say("placeholder.choose")).appendTo(element);
  for (const group of GROUPS) {
    const options = $("<optgroup>", { label: say(`fields.${group}`) }).appendTo(element);
    for (const field of Object.keys(FIELDS[group]) as Field[])
      $("<option>")
        .val(field)
        .text(say(`field.${field}`))
        .appendTo(options);
  }
  return element;
}

/** Which of the offered fields a condition uses; what its own controls could not show is a path. */
export function fieldOf(condition: unknown): Field | "" {
  if (!isObject(condition)) return "";
  const { op, valueType } = condition;
  const field = textOf(condition["field"]).trim();
  if (operatorOf(condition) === "jsonata") return "jsonata";
  if (field === "" && textOf(op) === "") return "";
  const kind = kindOf(field);
  if (kind === undefined || !isOneOf(FACT_OPS, op) || !operatorsOf(kind).includes(op)) return "path";
  const type = textOf(valueType);
  const isShown = isNumeric(kind) ? type === "" || type === "num" || op === "between" : type !== "num" && type !== "bool";
  return isShown ? (field as Field) : "path";
}
