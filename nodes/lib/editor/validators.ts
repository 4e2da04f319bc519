import {
  isVariable,
  knownPart,
  type Reading,
  readChoice,
  readFlag,
  readHttpUrl,
  readList,
  readNetworks,
  readNumber,
  readText,
  readWholeNumber,
} from "../base/settings.ts";
import { current, hasCredential } from "./inputs.ts";
import type texts from "./locales/en-US.json";
import { type Keys, textsOf } from "./texts.ts";
import { settingText } from "./values.ts";

// The build puts what every dialog says of a wrong value into the catalogue of the node that every other needs.
const sayReason = textsOf<typeof texts>("abiquo-config");

type Reason = Keys<(typeof texts)["invalid"]>;
type Options = ValidationOptions | undefined;

/** What is wrong with a property, for the editor to show. */
export function reason(options: Options, key: Reason, values?: TextValues): string {
  const text = sayReason(`invalid.${key}`, values);
  return options?.label === undefined ? text : `${options.label}: ${text}`;
}

/** What the nodes make of a setting, as a judgement. */
export function judged(reading: Reading<unknown>, options: Options): Judgement {
  if ("value" in reading) return true;
  const { kind, ...values } = reading.problem;
  // Some bounds are fractions of an hour.
  return reason(options, kind, "min" in values ? { min: Number(values.min.toPrecision(2)) } : values);
}

export function text(value: unknown, options: Options): Judgement {
  return judged(readText(knownPart(value)), options);
}

/** Nothing means the default. */
export function number(value: unknown, options: Options, min: number): Judgement {
  return judged(readNumber(knownPart(value), { min }), options);
}

/** The same where only whole numbers will do. */
export function wholeNumber(value: unknown, options: Options, min: number): Judgement {
  return judged(readWholeNumber(knownPart(value), { min }), options);
}

export function choice(value: unknown, options: Options, choices: readonly [string, ...string[]]): Judgement {
  return judged(readChoice(knownPart(value), choices), options);
}

export function httpUrl(value: unknown, options: Options): Judgement {
  return judged(readHttpUrl(knownPart(value)), options);
}

export function flag(value: unknown, options: Options): Judgement {
  return judged(readFlag(knownPart(value)), options);
}

/** Any entries, told apart as the nodes do. */
export function list(value: unknown, options: Options): Judgement {
  return judged(readList(knownPart(value)), options);
}

/** Entries that are all known. @param isNeeded whether there must be one at least */
export function choices(value: unknown, options: Options, known: readonly string[], isNeeded = false): Judgement {
  const reading = readList(knownPart(value));
  if ("problem" in reading) return judged(reading, options);
  const wrong = reading.value.filter((entry) => !known.includes(entry));
  if (wrong.length > 0) return reason(options, "choice", { value: wrong.join(", ") });
  const mayHaveMore = [value].flat().some(isVariable);
  return !isNeeded || mayHaveMore || reading.value.length > 0 || reason(options, "missing");
}

export function addresses(value: unknown, options: Options): Judgement {
  return judged(readNetworks(knownPart(value)), options);
}

/** Text that the nodes take only in one form. */
export function matching(value: unknown, options: Options, pattern: RegExp, key: Reason): Judgement {
  const reading = readText(knownPart(value));
  if ("problem" in reading) return judged(reading, options);
  return reading.value === "" || pattern.test(reading.value) || reason(options, key);
}

/** A typed property as the nodes evaluate it; nothing is its default, where it has one. */
export function typedValue(node: EditorNode, property: string, value: unknown, options: Options, isNeeded = false): Judgement {
  const readable = text(value, options);
  if (readable !== true) return readable;
  const { value: own } = node._def.defaults[property] ?? {};
  const type = settingText(current(node, `${property}Type`));
  const given = settingText(value);
  if (given === "" && type === node._def.defaults[`${property}Type`]?.value && (!isNeeded || own !== "")) return true;
  if (given === "" && isNeeded && type !== "date") return reason(options, "missing");
  return RED.utils.validateTypedProperty(given, type, options);
}

/** The same where the node will not use it: it reads it, and compiles expressions, all the same. */
export function unusedValue(node: EditorNode, property: string, value: unknown, options: Options): Judgement {
  return current(node, `${property}Type`) === "jsonata" ? typedValue(node, property, value, options) : text(value, options);
}

/**
 * A connection that is needed where no store is named. Of one that is chosen it says what Node-RED itself does where a
 * property has no judge of its own.
 */
export function connectionUnlessStore(node: EditorNode, value: unknown, options: Options): Judgement {
  if (!isChosen(value)) return isChosen(current(node, "store")) || reason(options, "place");
  const values = { prop: options?.label ?? "" };
  const chosen = RED.nodes.node(value);
  if (!chosen) return RED._("validator.errors.missing-config", values);
  return chosen["valid"] !== false || RED._("validator.errors.invalid-config", values);
}

/** The list of configuration nodes has an entry for a new one. */
function isChosen(id: unknown): boolean {
  return settingText(id) !== "" && id !== "_ADD_";
}

/** A way of signing in, with the credentials that it needs, and what is said where they are missing. */
export interface SignInWay {
  readonly name: string;
  readonly needs: readonly string[];
  readonly missing?: Reason;
}

export function signIn(node: EditorNode, value: unknown, options: Options, ways: readonly [SignInWay, ...SignInWay[]]): Judgement {
  if (isVariable(value)) return true;
  const [first, ...others] = ways;
  const reading = readChoice(value, [first.name, ...others.map(({ name }) => name)]);
  if ("problem" in reading) return judged(reading, options);
  const way = ways.find(({ name }) => name === reading.value);
  const isLacking = way?.needs.some((name) => hasCredential(node, name) === false) ?? false;
  return !isLacking || way?.missing === undefined || reason(options, way.missing);
}
