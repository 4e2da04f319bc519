/** Values a fault's text may name: never a secret, and short enough to show to a person. */
export type FaultParams = Readonly<Record<string, string | number>>;

/** Codes with the names of their parameters, as a room declares them. */
export type FaultList = Readonly<Record<string, readonly string[]>>;

/** What any room may meet. */
export const BASE_FAULTS = {
  CONFIG_INVALID: ["property"],
  BODY_TOO_LARGE: ["limit"],
  BODY_TOO_SLOW: ["seconds"],
  BODIES_TOO_MANY: [],
  ABIQUO_BAD_BODY: ["reason"],
  /** A reason of ABIQUO_BAD_BODY. */
  CUT_SHORT: [],
  KEPT_NEWER: ["what"],
  KEPT_UNREADABLE: ["what"],
  NODE_NEWER: [],
  UNEXPECTED: ["reason"],
} as const satisfies FaultList;

/**
 * Every code there is, by the room that declares it. A room adds its own part in its `faults.ts`, so that this one
 * knows of none above it:
 *
 *     declare module "../base/fault.ts" {
 *       interface FaultRegistry { ledger: typeof LEDGER_FAULTS }
 *     }
 */
export interface FaultRegistry {
  base: typeof BASE_FAULTS;
}

type Part = FaultRegistry[keyof FaultRegistry];
type CodeOf<Room> = Room extends unknown ? keyof Room & string : never;
type NameIn<Room, Code> = Room extends unknown
  ? Code extends keyof Room
    ? Room[Code] extends readonly (infer Name extends string)[]
      ? Name
      : never
    : never
  : never;

export type FaultCode = CodeOf<Part>;

/** The parameters of a code; of several codes, those of all of them. */
export type ParamsOf<Code extends FaultCode> = [NameIn<Part, Code>] extends [never]
  ? { readonly [name: string]: never }
  : { readonly [Name in NameIn<Part, Code>]: string | number };

/** A code that is known only at run time was checked where its fault was made, and takes parameters as they are. */
type Given<Code extends FaultCode> = FaultCode extends Code
  ? [params: FaultParams, cause?: unknown]
  : [NameIn<Part, Code>] extends [never]
    ? [params?: ParamsOf<Code>, cause?: unknown]
    : [params: ParamsOf<Code>, cause?: unknown];

/** What a fault says, without its class: for another thread, the store, or whoever finds words for it. */
export interface FaultRecord {
  readonly code: FaultCode;
  readonly params: FaultParams;
}

/**
 * Something that went wrong, named by a stable code. It carries no prose: the words, with the next step to
 * take, are in the catalogue (`faults.<code>` in `locales/<language>/abiquo-config.json`), filled in from
 * `params` by `lib/node-red`. `message` is the developer's form, for stack traces and tests.
 *
 * The code decides the parameters: one that is missing, misspelt or superfluous does not compile.
 */
export class Fault<Code extends FaultCode = FaultCode> extends Error implements FaultRecord {
  // Not `Code`: after `instanceof` that would be any.
  readonly code: FaultCode;
  readonly params: FaultParams;

  constructor(code: Code, ...[params = {}, cause]: Given<Code>) {
    super(developerText(code, params), cause === undefined ? undefined : { cause });
    this.name = "Fault";
    this.code = code;
    this.params = params;
  }
}

function developerText(code: string, params: FaultParams): string {
  const details = Object.entries(params).map(([key, value]) => `${key}=${value}`);
  return details.length === 0 ? code : `${code} (${details.join(", ")})`;
}

/** What is read, or the fault that reading throws; whatever else it throws is thrown on. */
export function valueOrFault<Value>(read: () => Value): Value | Fault {
  try {
    return read();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}
