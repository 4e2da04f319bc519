import { isObject } from "./json.ts";

/** Tells whether a value that was read has a type. */
export type Check<Value> = (value: unknown) => value is Value;

declare const mayBeAbsent: unique symbol;
interface OptionalCheck<Value> {
  readonly [mayBeAbsent]?: Value;
  readonly check: Check<Value>;
}

/** One check for each property of a type; those that may be absent say so. */
export type Shape<Value> = {
  // biome-ignore lint/complexity/noBannedTypes: {} has no property at all, which is what tells those that may be absent.
  readonly [Key in keyof Value]-?: {} extends Pick<Value, Key> ? OptionalCheck<Exclude<Value[Key], undefined>> : Check<Value[Key]>;
};

export const isText: Check<string> = (value) => typeof value === "string";
export const isNumber: Check<number> = (value) => typeof value === "number";
export const isFlag: Check<boolean> = (value) => typeof value === "boolean";
export const isTrue: Check<true> = (value) => value === true;

/**
 * One of the words of a union. They are given as keys, and the union by its name: one that is left out does not compile.
 */
export function isOneOf<Union extends string = string>(words: Readonly<Record<NoInfer<Union>, true>>): Check<Union> {
  return (value): value is Union => typeof value === "string" && Object.hasOwn(words, value);
}

export function isListOf<Item>(isItem: Check<Item>): Check<readonly Item[]> {
  return (value): value is readonly Item[] => Array.isArray(value) && value.every(isItem);
}

export function isEither<One, Other>(isOne: Check<One>, isOther: Check<Other>): Check<One | Other> {
  return (value): value is One | Other => isOne(value) || isOther(value);
}

export function optional<Value>(check: Check<Value>): OptionalCheck<Value> {
  return { check };
}

/** An object with these properties; others are left alone. */
export function isRecord<Value extends object>(shape: Shape<Value>): Check<Value> {
  const checks = Object.entries(shape as Record<string, Check<unknown> | OptionalCheck<unknown>>);
  return (value): value is Value =>
    isObject(value) &&
    checks.every(([key, check]) => {
      const own = value[key];
      return typeof check === "function" ? check(own) : own === undefined || check.check(own);
    });
}

/** As the `parse` of a codec. */
export function only<Value>(check: Check<Value>): (value: unknown) => Value | undefined {
  return (value) => (check(value) ? value : undefined);
}
