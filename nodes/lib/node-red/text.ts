import type { NodeAPI, NodeStatus } from "node-red";
import { BoundedMap } from "../base/bounded-map.ts";
import { Fault, type FaultParams } from "../base/fault.ts";
import { getOrCreate } from "../base/get-or-create.ts";
import type { Filling, TextList, TextOf } from "../base/texts.ts";
import { SHARED_WORDS } from "./words.ts";

/** The catalogue that holds the words for faults and for decisions, whichever node tells them. */
const SHARED = "@abiquo-workflow/node-red-abiquo/abiquo-config:abiquo-config";

/**
 * A fault in the operator's language, as Catch nodes, Debug and the log show it. It carries no cause, since
 * Node-RED copies that into messages.
 */
export class ToldFault extends Error {
  readonly code: string;

  constructor(code: string, text: string) {
    super(text);
    this.code = code;
    this.stack = `${code}: ${text}`;
  }

  /** Node-RED shows `toString()`; the class's name says nothing to a person. */
  override toString(): string {
    return this.message;
  }
}

/** The words of the catalogue for this fault; its code stands alone only for what no catalogue knows. */
export function faultText(RED: NodeAPI, code: string, params: FaultParams): string {
  const key = `${SHARED}.faults.${code}`;
  const text = RED._(key, inWords(RED, params) as Record<string, string | number>);
  return text.endsWith(`faults.${code}`) ? [code, ...Object.values(params)].join(" ") : text;
}

/** A reason or a problem that is itself a code is told in words too, where the catalogue has them. */
function inWords(RED: NodeAPI, params: FaultParams): FaultParams {
  const told: Record<string, string | number> = { ...params };
  for (const name of ["reason", "problem"]) {
    const code = params[name];
    if (typeof code !== "string" || !/^[A-Z][A-Z0-9_]+$/.test(code)) continue;
    const text = translated(RED, `${SHARED}.faults.${code}`, params);
    if (!text.endsWith(`faults.${code}`)) told[name] = text;
  }
  return told;
}

export function tell(RED: NodeAPI, error: unknown): ToldFault {
  if (error instanceof ToldFault) return error;
  if (error instanceof Fault) return new ToldFault(error.code, faultText(RED, error.code, error.params));
  const reason = error instanceof Error ? error.message : String(error);
  return new ToldFault("UNEXPECTED", faultText(RED, "UNEXPECTED", { reason }));
}

/** A text that nodes share. */
export function sharedText<Key extends keyof typeof SHARED_WORDS.texts>(
  RED: NodeAPI,
  key: Key,
  ...[values]: Filling<(typeof SHARED_WORDS.texts)[Key][number]>
): string {
  return translated(RED, `${SHARED}.${key}`, values);
}

/** A status that nodes share. */
export function sharedStatus(RED: NodeAPI, key: keyof typeof SHARED_WORDS.status): NodeStatus {
  const [fill, shape] = SHARED_WORDS.status[key];
  return { fill, shape, text: translated(RED, `${SHARED}.status.${key}`) };
}

/** The texts of a node type, for what serves its dialog. */
export function textsOf<Texts extends TextList>(RED: NodeAPI, type: string): TextOf<Texts> {
  return (key, ...[values]) => translated(RED, `${type}.${key}`, values);
}

/** How many texts are remembered; what comes anew with each message is not worth it. */
const TEXTS_KEPT = 500;
const texts = new WeakMap<NodeAPI, Map<string, string>>();

/** As `RED._`, which takes as long as the rest of a message's way through a node: so each text is worked out once. */
export function translated(RED: NodeAPI, key: string, params: FaultParams = {}): string {
  const known = getOrCreate(texts, RED, () => new BoundedMap<string, string>(TEXTS_KEPT));
  const id = JSON.stringify([key, ...Object.values(params)]);
  let text = known.get(id);
  if (text === undefined) {
    text = RED._(key, { ...params });
    known.set(id, text);
  }
  return text;
}
