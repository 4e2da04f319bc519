import { fill, remember, typed } from "../lib/editor/inputs.ts";
import type { Say } from "../lib/editor/texts.ts";
import { typedValue } from "../lib/editor/validators.ts";
import type texts from "./continue/locales/en-US.json";

/** The texts that continue and cancel have both. */
export type AnswerTexts = (typeof texts)["abiquo-continue"];

/** The properties of a node that answers tasks. */
export function answerProperties(say: Say<AnswerTexts>): NodeDefinition["defaults"] {
  return {
    name: { value: "" },
    connection: { value: "", type: "abiquo-config", required: false, label: say("label.connection") },
    task: {
      value: "abiquo",
      label: say("label.task"),
      validate(value, options) {
        return typedValue(this, "task", value, options, true);
      },
    },
    taskType: { value: "msg" },
    message: {
      value: "",
      label: say("label.message"),
      validate(value, options) {
        return typedValue(this, "message", value, options);
      },
    },
    messageType: { value: "str" },
  };
}

export function prepare(node: EditorNode): void {
  fill(node);
  typed(node, "task", ["msg", "flow", "global", "str", "jsonata", "env"]);
  typed(node, "message", ["str", "msg", "flow", "global", "jsonata", "env"]);
  remember(node);
}
