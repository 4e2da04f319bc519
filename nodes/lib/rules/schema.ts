import { EQUALITY_OPS, KEYS, MAX_PATTERN_LENGTH, MEMBERSHIP_OPS, ORDER_OPS, OUTCOMES, PATTERNS, SCOPES, TEXTS, whole } from "./grammar.ts";

type Schema = { readonly [keyword: string]: unknown };

const TEXT: Schema = { type: "string" };
const ANY: Schema = {};

/** An object with these keys and no other; those that must be text are. */
function objectWith(kind: keyof typeof KEYS, required: readonly string[], properties: Readonly<Record<string, Schema>>): Schema {
  const texts: readonly string[] = TEXTS[kind];
  return {
    type: "object",
    required,
    additionalProperties: false,
    properties: Object.fromEntries(KEYS[kind].map((key) => [key, properties[key] ?? (texts.includes(key) ? TEXT : ANY)])),
  };
}

const ref = (name: string): Schema => ({ $ref: `#/$defs/${name}` });
const anyOf = (...schemas: readonly Schema[]): Schema => ({ anyOf: schemas });
const like = (pattern: string): Schema => ({ type: "string", pattern });

/** A condition on a fact whose value suits its type in one of these ways. */
function factCondition(description: string, ops: readonly string[], ...ways: readonly Schema[]): Schema {
  return {
    description,
    required: ["field", "op"],
    properties: { field: ref("factField"), op: { enum: ops } },
    anyOf: ways,
  };
}

/** The value is taken as it is. */
const asIs = (...values: readonly Schema[]): Schema => ({ properties: { valueType: { enum: ["", "str"] }, value: anyOf(...values) } });
const typed = (valueType: string | readonly string[], ...values: readonly Schema[]): Schema => ({
  required: ["valueType"],
  properties: { valueType: { enum: [valueType].flat() }, value: anyOf(...values) },
});

const TYPED_NUMBER = typed("num", { type: "number" }, like(whole(PATTERNS.typedNumber)));
const TYPED_BOOLEAN = typed("bool", { enum: [true, false, "true", "false"] });
/** Only its beginning: what a text that holds JSON holds is for the reader to tell. */
const jsonText = (...beginnings: readonly string[]): Schema => like(`^\\s*(?:${beginnings.join("|")})`);
const [LIST, OBJECT, STRING, NUMBER, BOOLEAN] = ["\\[", "\\{", '"', "[0-9-]", "true|false"] as const;

const CONDITIONS: Readonly<Record<string, Schema>> = {
  expression: {
    description: "A JSONata expression that gives true or false.",
    properties: { value: ref("text") },
    anyOf: [
      { required: ["op"], properties: { op: { const: "jsonata" } } },
      { required: ["valueType"], properties: { valueType: { const: "jsonata" }, field: like("^\\s*$") } },
    ],
  },
  time: {
    description: "Hours of the week on a wall clock.",
    required: ["field", "op"],
    properties: { field: like(whole(PATTERNS.timeField)), op: { enum: MEMBERSHIP_OPS } },
    anyOf: [
      { properties: { valueType: { enum: ["", "str", "num"] }, value: anyOf(ref("hours"), jsonText(OBJECT)) } },
      typed("json", ref("hours"), jsonText(OBJECT, STRING)),
    ],
  },
  equality: factCondition(
    "The same number, or the same text without regard to case.",
    EQUALITY_OPS,
    asIs(ref("scalar")),
    TYPED_NUMBER,
    TYPED_BOOLEAN,
    typed("json", { type: ["number", "boolean"] }, jsonText(STRING, NUMBER, BOOLEAN)),
  ),
  membership: factCondition(
    "One of several values: a list, or text with commas.",
    MEMBERSHIP_OPS,
    {
      properties: { valueType: { enum: ["", "str", "num"] }, value: anyOf(ref("list"), { type: ["number", "boolean"] }, like("[^,\\s]")) },
    },
    TYPED_BOOLEAN,
    typed("json", ref("list"), { type: ["number", "boolean"] }, jsonText(LIST, STRING, NUMBER, BOOLEAN)),
  ),
  order: factCondition(
    "Less or more than a number.",
    ORDER_OPS,
    asIs(ref("number")),
    TYPED_NUMBER,
    typed("json", { type: "number" }, jsonText(STRING, NUMBER)),
  ),
  between: factCondition(
    "From the first number to the second, both included.",
    ["between"],
    {
      properties: {
        valueType: { enum: ["", "str", "num"] },
        value: anyOf(
          ref("pair"),
          ref("range"),
          like(`^(?:[\\s,]*,)?\\s*(?:${PATTERNS.number})\\s*,(?:[\\s,]*,)?\\s*(?:${PATTERNS.number})\\s*(?:,[\\s,]*)?$`),
          jsonText(LIST, OBJECT),
        ),
      },
    },
    typed("json", ref("pair"), ref("range"), jsonText(LIST, OBJECT, STRING)),
  ),
  match: factCondition(
    "A text with * for any characters and ? for one.",
    ["match"],
    asIs({ type: "number" }, like(`^\\s*\\S(?:[\\s\\S]{0,${MAX_PATTERN_LENGTH - 2}}\\S)?\\s*$`)),
    TYPED_NUMBER,
    typed("json", { type: "number" }, jsonText(STRING, NUMBER)),
  ),
};

const nullable = (...schemas: readonly Schema[]): Schema => anyOf(...schemas, { enum: ["", null] });

/**
 * The schema (JSON Schema 2020-12) of what `readRuleSet` takes. What it refuses, the reader refuses too. What it
 * accepts, the reader may still refuse for what only a reader can tell.
 */
export const rulesSchema: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Rules for Abiquo tasks",
  description:
    "An ordered list of rules; the first whose conditions all hold decides. Says what abiquo-task-decision and abiquo-rules take, but for what only they can tell: whether an expression is right, a time zone exists, a key comes twice, the two ends of a range or of a day differ in the right way, and what a text holds that is JSON itself.",
  oneOf: [ref("rules"), ref("set")],
  $defs: {
    set: objectWith("set", ["rules"], {
      otherwise: { ...ref("outcome"), description: "The outcome when no rule matches." },
      scope: { enum: SCOPES, description: "Whether each task is judged by itself, or all tasks of one call together." },
      timeZone: { ...TEXT, description: "IANA time zone for conditions on time that name none." },
      rules: ref("rules"),
    }),
    rules: { type: "array", items: ref("rule") },
    outcome: { enum: OUTCOMES },
    rule: objectWith("rule", ["when", "outcome"], {
      when: { type: "array", items: ref("condition"), description: "All of them must hold; an empty list always does." },
      outcome: ref("outcome"),
      reason: { ...TEXT, description: "Kept with the decision, and sent to Abiquo with the answer." },
    }),
    condition: { ...objectWith("condition", ["value"], {}), oneOf: Object.keys(CONDITIONS).map(ref) },
    ...CONDITIONS,
    hours: objectWith("time", [], {
      days: nullable(
        { type: "array", items: like(whole(PATTERNS.day)) },
        like(`^\\s*(?:${PATTERNS.day})\\s*(?:,\\s*(?:${PATTERNS.day})\\s*)*$`),
      ),
      from: nullable(like(whole(PATTERNS.hour))),
      to: nullable(like(whole(PATTERNS.hour))),
      timeZone: { type: ["string", "null"] },
    }),
    factField: { ...like(whole(PATTERNS.factField)), description: "A property below msg.abiquo, or a total over the group." },
    text: like("\\S"),
    scalar: anyOf({ type: ["number", "boolean"] }, ref("text")),
    list: { type: "array", minItems: 1, items: ref("scalar") },
    number: anyOf({ type: "number" }, like(whole(PATTERNS.number))),
    pair: { type: "array", minItems: 2, maxItems: 2, items: ref("number") },
    range: { type: "object", required: ["from", "to"], properties: { from: ref("number"), to: ref("number") } },
  },
};
