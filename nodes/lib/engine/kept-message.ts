import { codec } from "../base/codec.ts";
import { isObject } from "../base/json.ts";

/**
 * A message that leaves with an outcome. Whoever wrote the flow says what is in it, `msg.abiquo` included; `{}` once it
 * has been pruned.
 */
export const keptMessage = codec<Record<string, unknown>>("message", [], (value) => (isObject(value) ? value : undefined));
