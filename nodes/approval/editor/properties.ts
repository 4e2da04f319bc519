import { NO_APPROVER, REQUIRE_REASON } from "../../lib/approval/settings.ts";
import { textOf } from "../../lib/base/json.ts";
import { isVariable } from "../../lib/base/settings.ts";
import { current } from "../../lib/editor/inputs.ts";
import { stored } from "../../lib/editor/stored.ts";
import { choice, flag, number, typedValue } from "../../lib/editor/validators.ts";
import { judgeLevels, judgeProperty } from "./judging.ts";
import { NEW_LEVEL } from "./levels.ts";
import { say } from "./words.ts";

const SCOPES = ["task", "group"] as const;
/** In hours: a minute. */
const SHORTEST_VALIDITY = 1 / 60;

/** The properties of a node that asks people, and what is wrong with them. */
export function approvalProperties(): NodeDefinition["defaults"] {
  return {
    name: { value: "" },
    connection: { value: "", type: "abiquo-config", required: false, label: say("label.connection") },
    key: {
      value: "",
      label: say("label.key"),
      validate(value, options) {
        const twin = twinOf(this, textOf(value).trim());
        return twin === undefined || labelled(options, say("problem.key", { name: textOf(twin["name"]) || twin.id }));
      },
    },
    scope: { value: "task", label: say("label.scope"), validate: (value, options) => choice(value, options, SCOPES) },
    title: {
      value: "",
      label: say("label.title"),
      validate(value, options) {
        return typedValue(this, "title", value, options);
      },
    },
    titleType: { value: "str" },
    levels: {
      value: [NEW_LEVEL],
      label: say("label.levels"),
      validate(value, options) {
        const { byLevel, together } = judgeLevels(value, stored(this)["fallback"], asksFallback(this));
        const named = byLevel.flatMap((problems, index) =>
          problems.map((problem) => `${say("label.level", { number: index + 1 })}: ${problem}`),
        );
        const reasons = [...named, ...together.map((problem) => labelled(options, problem))];
        return reasons.length === 0 || reasons;
      },
    },
    requireReason: {
      value: "never",
      label: say("label.requireReason"),
      validate: (value, options) => choice(value, options, REQUIRE_REASON),
    },
    allowSelfApproval: { value: false, label: say("label.allowSelfApproval"), validate: flag },
    allowSamePersonTwice: { value: false, label: say("label.allowSamePersonTwice"), validate: flag },
    delegation: {
      value: true,
      label: say("label.delegation"),
      validate: (value, options) => judged(options, judgeProperty("delegation", { delegation: value })),
    },
    noApprover: { value: "keep", label: say("label.noApprover"), validate: (value, options) => choice(value, options, NO_APPROVER) },
    fallback: {
      value: "",
      label: say("label.fallback"),
      validate(value, options) {
        const noApprover = asksFallback(this) ? "fallback" : "keep";
        return judged(options, judgeProperty("fallback", { noApprover, fallback: value }));
      },
    },
    linkValidity: { value: 168, label: say("label.linkValidity"), validate: (value, options) => number(value, options, SHORTEST_VALIDITY) },
    calendar: {
      value: "",
      label: say("label.clock"),
      validate: (value, options) => judged(options, judgeProperty("calendar", { calendar: value })),
    },
    language: { value: "", label: say("label.language") },
  };
}

function asksFallback(node: EditorNode): boolean {
  return current(node, "noApprover") === "fallback";
}

/** Another node whose requests belong to the same key. */
function twinOf(node: EditorNode, key: string): EditorNode | undefined {
  if (key === "" || isVariable(key)) return undefined;
  const others = RED.nodes.filterNodes({ type: "abiquo-approval" }).filter(({ id }) => id !== node.id);
  return others.find((other) => (textOf(other["key"]).trim() || other.id) === key);
}

function judged(options: ValidationOptions | undefined, problem: string | undefined): Judgement {
  return problem === undefined || labelled(options, problem);
}

function labelled(options: ValidationOptions | undefined, problem: string): string {
  return options?.label === undefined ? problem : `${options.label}: ${problem}`;
}
