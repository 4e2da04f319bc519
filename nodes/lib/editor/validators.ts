import type texts from "../../config/locales/en-US.json";
import { current, hasCredential } from "./inputs.ts";
import { type Keys, textsOf } from "./texts.ts";
import { flagIn, isVariable, jsonIn, settingText } from "./values.ts";

// What every dialog says of a wrong value stands in one catalogue.
type Catalogue = (typeof texts)["abiquo-config"];
const sayReason = textsOf<Catalogue>("abiquo-config");

type Reason = Extract<Keys<Catalogue>, `invalid.${string}`> extends `invalid.${infer Name}` ? Name : never;
type Options = ValidationOptions | undefined;

/** What is wrong with a property, for the editor to show. */
export function reason(options: Options, key: Reason, values?: TextValues): string {
  const text = sayReason(`invalid.${key}`, values);
  return options?.label === undefined ? text : `${options.label}: ${text}`;
}

/** Nothing means the default. */
export function number(value: unknown, options: Options, least: number): Judgement {
  const text = settingText(value);
  if (text === "" || isVariable(text)) return true;
  const found = Number(text);
  return (Number.isFinite(found) && found >= least) || reason(options, "number", { min: Number(least.toPrecision(2)) });
}

/** The same where only whole numbers will do. */
export function wholeNumber(value: unknown, options: Options, least: number): Judgement {
  const text = settingText(value);
  if (text === "" || isVariable(text)) return true;
  const found = Number(text);
  return (Number.isInteger(found) && found >= least) || reason(options, "whole", { min: least });
}

export function choice(value: unknown, options: Options, choices: readonly string[]): Judgement {
  const text = settingText(value);
  return text === "" || isVariable(text) || choices.includes(text) || reason(options, "choice", { value: text });
}

export function httpUrl(value: unknown, options: Options): Judgement {
  const text = settingText(value);
  if (text === "" || isVariable(text)) return true;
  const url = urlIn(text);
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) return reason(options, "url");
  if (url.username !== "" || url.password !== "") return reason(options, "urlWithUser");
  return (url.search === "" && url.hash === "") || reason(options, "urlWithQuery");
}

export function flag(value: unknown, options: Options): Judgement {
  const text = settingText(value);
  return text === "" || isVariable(text) || flagIn(text) !== undefined || reason(options, "flag");
}

/** The entries of a list setting: a list, a JSON list, or text with commas or line breaks; undefined for what is none. */
export function entriesOf(value: unknown): string[] | undefined {
  const text = settingText(value);
  const items = Array.isArray(value) ? value : text.startsWith("[") ? jsonIn(text) : text.split(/[\n,;]/);
  return Array.isArray(items) ? items.map((item) => String(item).trim()).filter((item) => item !== "") : undefined;
}

export function addresses(value: unknown, options: Options): Judgement {
  const entries = isVariable(value) ? [] : entriesOf(value);
  const isRight = (entry: string): boolean => isNetwork(entry) || (Array.isArray(value) && isVariable(entry));
  const wrong = entries === undefined ? [settingText(value)] : entries.filter((entry) => !isRight(entry));
  return wrong.length === 0 || reason(options, "network", { value: wrong.join(", ") });
}

/** A typed property as the nodes evaluate it; nothing is its default, where it has one. */
export function typedValue(node: EditorNode, property: string, value: unknown, options: Options, isNeeded = false): Judgement {
  const own = node._def.defaults[property]?.value;
  const type = settingText(current(node, `${property}Type`));
  const text = settingText(value);
  if (text === "" && type === node._def.defaults[`${property}Type`]?.value && (!isNeeded || own !== "")) return true;
  if (text === "" && isNeeded && type !== "date") return reason(options, "missing");
  return RED.utils.validateTypedProperty(text, type, options);
}

/** The same where the node will not use it: it compiles expressions all the same. */
export function unusedValue(node: EditorNode, property: string, value: unknown, options: Options): Judgement {
  return current(node, `${property}Type`) !== "jsonata" || typedValue(node, property, value, options);
}

/** A way of signing in, with the credentials that it needs, and what is said where they are missing. */
export interface SignInWay {
  readonly needs: readonly string[];
  readonly missing?: Reason;
}

export function signIn(node: EditorNode, value: unknown, options: Options, ways: Readonly<Record<string, SignInWay>>): Judgement {
  const chosen = settingText(value) || settingText(node._def.defaults["auth"]?.value);
  if (isVariable(chosen)) return true;
  const way = Object.hasOwn(ways, chosen) ? ways[chosen] : undefined;
  if (way === undefined) return choice(chosen, options, Object.keys(ways));
  const isLacking = way.needs.some((name) => hasCredential(node, name) === false);
  return !isLacking || way.missing === undefined || reason(options, way.missing);
}

function isNetwork(entry: string): boolean {
  const [address = "", bits, ...more] = entry.split("/");
  if (more.length > 0) return false;
  const isV4 = /^((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(?!$)|$)){4}$/.test(address);
  if (!isV4 && !isV6(address)) return false;
  return bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= (isV4 ? 32 : 128));
}

function isV6(text: string): boolean {
  return /^[0-9a-f:.]+$/i.test(text) && urlIn(`http://[${text}]/`) !== undefined;
}

function urlIn(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
