import { httpUrlIn } from "./http-url.ts";
import { entriesOf } from "./lists.ts";
import { type Network, networkIn } from "./networks.ts";

/*
 * How the settings of nodes are read, in dialogs and at run time alike: whoever judges by anything else says green where
 * the node fails, or red where it works. Runs in browsers.
 */

/** What is wrong with a setting, for whoever has the words. */
export type SettingProblem =
  /** A variable that is not set. */
  | { readonly kind: "unset"; readonly name: string }
  /** No number, or one below `min`. */
  | { readonly kind: "number"; readonly min: number }
  /** No whole number, or one below `min`. */
  | { readonly kind: "whole"; readonly min: number }
  /** Neither true nor false. */
  | { readonly kind: "flag" }
  | { readonly kind: "choice"; readonly value: string }
  /** Text that begins a JSON list and is none. */
  | { readonly kind: "list" }
  /** Entries that are neither addresses nor networks. */
  | { readonly kind: "network"; readonly value: string }
  /** No http or https URL; one with a user or a password; one with a query or a fragment. */
  | { readonly kind: "url" | "urlWithUser" | "urlWithQuery" };

/** A setting as it was understood, or what is wrong with it. */
export type Reading<T> = { readonly value: T } | { readonly problem: SettingProblem };

/** What Node-RED replaces when it starts a node: text that is nothing but a variable, in either spelling. */
const VARIABLE = /^\$(?:\{(\S+)\}|\((\S+)\))$/;
/** The same where somebody has typed blanks, which Node-RED leaves alone. */
const LEFT_OVER = /^\s*\$(?:\{(.+)\}|\((\S+)\))\s*$/;

const FLAGS: Readonly<Record<string, boolean>> = {
  true: true,
  1: true,
  yes: true,
  on: true,
  false: false,
  0: false,
  no: false,
  off: false,
};

/** The variable whose text Node-RED puts in the place of a value before the node reads it. */
export function variableIn(value: unknown): string | undefined {
  const [, braced, bracketed] = typeof value === "string" ? (VARIABLE.exec(value) ?? []) : [];
  return braced ?? bracketed;
}

export function isVariable(value: unknown): value is string {
  return variableIn(value) !== undefined;
}

/** What is left of a setting without what only the start of the node will tell: nothing for a variable, no variables in a list. */
export function knownPart(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !isVariable(item));
  return isVariable(value) ? undefined : value;
}

/** Nothing, or blanks alone: the setting then has its default. */
export function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === "string" && value.trim() === "");
}

/** As it was typed: a blank at either end may be part of a password. */
export function readSecret(value: unknown): Reading<string> {
  const text = value === undefined || value === null ? "" : String(value);
  const [, braced, bracketed] = LEFT_OVER.exec(text) ?? [];
  const name = braced ?? bracketed;
  return name === undefined ? { value: text } : { problem: { kind: "unset", name } };
}

/** Text without blanks around it. */
export function readText(value: unknown, fallback = ""): Reading<string> {
  return isBlank(value) ? { value: fallback } : mapped(readSecret(value), (text) => ({ value: text.trim() }));
}

/** A number of at least `min`, however it is written. */
export function readNumber(value: unknown, { fallback = 0, min = 0 }: { fallback?: number; min?: number } = {}): Reading<number> {
  if (isBlank(value)) return { value: fallback };
  return mapped(readText(value), (text): Reading<number> => {
    const number = Number(text);
    return Number.isFinite(number) && number >= min ? { value: number } : { problem: { kind: "number", min } };
  });
}

/** The same where a part of one means nothing. */
export function readWholeNumber(value: unknown, { fallback = 0, min = 0 }: { fallback?: number; min?: number } = {}): Reading<number> {
  const reading = readNumber(value, { fallback, min });
  const isWhole = "value" in reading ? Number.isInteger(reading.value) : reading.problem.kind !== "number";
  return isWhole ? reading : { problem: { kind: "whole", min } };
}

/** Nothing is false. */
export function readFlag(value: unknown): Reading<boolean> {
  return mapped(readText(value, "false"), (text): Reading<boolean> => {
    const word = text.toLowerCase();
    const flag = Object.hasOwn(FLAGS, word) ? FLAGS[word] : undefined;
    return flag === undefined ? { problem: { kind: "flag" } } : { value: flag };
  });
}

/** One of the choices; the first of them for nothing. */
export function readChoice<const T extends string>(value: unknown, choices: readonly [T, ...T[]]): Reading<T> {
  return mapped(readText(value, choices[0]), (text): Reading<T> => {
    const found = choices.find((choice) => choice === text);
    return found === undefined ? { problem: { kind: "choice", value: text } } : { value: found };
  });
}

/** A list, a JSON list, or text with commas, semicolons or line breaks; without blank entries. */
export function readList(value: unknown): Reading<string[]> {
  const given = Array.isArray(value) ? { value: value as readonly unknown[] } : mapped(readText(value), listIn);
  return mapped(given, (items): Reading<string[]> => {
    const entries: string[] = [];
    for (const item of items) {
      const entry = readSecret(item);
      if ("problem" in entry) return entry;
      if (entry.value.trim() !== "") entries.push(entry.value.trim());
    }
    return { value: entries };
  });
}

/** Addresses and networks, as `readList` reads lists. */
export function readNetworks(value: unknown): Reading<Network[]> {
  return mapped(readList(value), (entries): Reading<Network[]> => {
    const networks = entries.map((entry) => networkIn(entry) ?? entry);
    const wrong = networks.filter((network) => typeof network === "string");
    if (wrong.length > 0) return { problem: { kind: "network", value: wrong.join(", ") } };
    return { value: networks.filter((network) => typeof network !== "string") };
  });
}

/** An http or https URL in its one form, without a user, a query and a fragment; the empty text for nothing. */
export function readHttpUrl(value: unknown): Reading<string> {
  return mapped(readText(value), (text): Reading<string> => {
    if (text === "") return { value: "" };
    const { url, excess } = httpUrlIn(text) ?? {};
    if (url === undefined) return { problem: { kind: "url" } };
    if (excess === undefined) return { value: url };
    return { problem: { kind: excess === "user" ? "urlWithUser" : "urlWithQuery" } };
  });
}

function listIn(text: string): Reading<readonly unknown[]> {
  const items = entriesOf(text);
  return items === undefined ? { problem: { kind: "list" } } : { value: items };
}

function mapped<From, To>(reading: Reading<From>, read: (value: From) => Reading<To>): Reading<To> {
  return "problem" in reading ? reading : read(reading.value);
}
