import type { NodeMessage } from "node-red";
import { Fault } from "../base/fault.ts";
import type { Message, NodeKit } from "./define.ts";

export type Evaluate = (message: Message) => Promise<unknown>;

/**
 * Prepares a typed property (`x` with `xType`) for evaluation with each message. A JSONata expression is
 * compiled here, so that a wrong one shows at deploy and not at the first message.
 *
 * @throws Fault CONFIG_INVALID when the expression is wrong
 */
export function typedProperty(kit: NodeKit, property: string, defaults: { value: string; type: string }): Evaluate {
  const { RED, node, config } = kit;
  const type = config.text(`${property}Type`, defaults.type);
  const value = config.text(property, type === defaults.type ? defaults.value : "");
  if (type === "str") return async () => value;
  if (type === "jsonata") {
    const expression = compile();
    return (message) =>
      new Promise((resolve, reject) => {
        RED.util.evaluateJSONataExpression(expression, message as NodeMessage, (error, result) =>
          error ? reject(new Fault("EXPRESSION_FAILED", { property, reason: String(error.message) })) : resolve(result),
        );
      });
  }
  return (message) =>
    new Promise((resolve, reject) => {
      RED.util.evaluateNodeProperty(value, type as "msg", node, message as NodeMessage, (error, result) =>
        error ? reject(new Fault("EXPRESSION_FAILED", { property, reason: String(error.message) })) : resolve(result),
      );
    });

  function compile(): ReturnType<typeof RED.util.prepareJSONataExpression> {
    try {
      return RED.util.prepareJSONataExpression(value, node);
    } catch {
      throw new Fault("CONFIG_INVALID", { property });
    }
  }
}

/** A typed property that must give text, such as an id. @throws Fault CONFIG_INVALID when it gives none */
export async function requiredText(evaluate: Evaluate, property: string, message: Message): Promise<string> {
  const value = await evaluate(message);
  if ((typeof value !== "string" && typeof value !== "number") || String(value).trim() === "") {
    throw new Fault("CONFIG_INVALID", { property });
  }
  return String(value).trim();
}
