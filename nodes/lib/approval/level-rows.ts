import { isObject, parseJson } from "../base/json.ts";

const FIELDS = ["approvers", "escalateTo"] as const;

/**
 * The levels of a node, as its dialog or a variable's text gives them. Of those in a list, people may stand in the
 * message: `approversType` or `escalateToType` is then `msg`, and the field names the property.
 */
export class LevelRows {
  readonly #levels: unknown;
  /** Whether each message brings people, and so has a policy of its own. */
  readonly needMessage: boolean;

  constructor(given: unknown) {
    // What is no JSON is told by the policy's own reading.
    this.#levels = typeof given === "string" ? (parseJson(given) ?? given) : given;
    this.needMessage = Array.isArray(this.#levels) && this.#levels.some((row) => FIELDS.some((field) => isInMessage(row, field)));
  }

  /** @param read what stands in the message at a property; without it nobody, for judging before there is a message */
  withPeople(read: (property: string) => unknown = () => ""): unknown {
    if (!this.needMessage) return this.#levels;
    return (this.#levels as readonly unknown[]).map((row) => {
      if (!isObject(row)) return row;
      const own = { ...row };
      for (const field of FIELDS) if (isInMessage(row, field)) own[field] = read(String(row[field] ?? ""));
      return own;
    });
  }
}

function isInMessage(row: unknown, field: (typeof FIELDS)[number]): boolean {
  return isObject(row) && row[`${field}Type`] === "msg";
}
