import type { Migration } from "kysely/migration";

/** Column types that differ between the engines. */
export interface EngineTypes {
  /** a 64-bit integer that counts itself up */
  readonly serial: "integer" | "bigserial";
  /** a 64-bit integer: a row's number, or milliseconds since 1970 */
  readonly long: "integer" | "bigint";
}

/** Makes one step for an engine. */
export type Step = (types: EngineTypes) => Migration;
