import type { JsonPath } from "../base/json-path.ts";

/** A place in a text; both count from 1, columns in UTF-16 units. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface LocatedJson {
  readonly value: unknown;
  /** Where the value at a path starts; for a path that leads nowhere, the nearest value around it. */
  placeOf(path: JsonPath): Place;
  /** Keys that their object has already, in the order of the text. */
  readonly twins: readonly Twin[];
}

/** A key that comes twice in one object. RFC 8259 (section 4) leaves open which of the two counts. */
export interface Twin {
  readonly path: JsonPath;
  readonly key: string;
  /** of the later one */
  readonly place: Place;
}

/** Text that is no JSON (RFC 8259), with the place where that shows. */
export class NotJson extends Error {
  readonly place: Place;

  constructor(place: Place) {
    super(`no JSON at ${place.line}:${place.column}`);
    this.place = place;
  }
}

/** Deeper than any set of rules, and far from the end of the stack. */
const MAX_DEPTH = 100;

const BLANKS = /[ \t\n\r]*/y;
const TEXT = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;

/**
 * Parses JSON and remembers where each value stands, so that a mistake in it can be pointed at. Where a key comes
 * twice, the last one counts, as with `JSON.parse`, and is among the twins.
 *
 * @throws NotJson
 */
export function parseLocated(source: string): LocatedJson {
  // An editor of Windows may begin a file with a byte order mark, which it does not show.
  const text = source.charCodeAt(0) === 0xfeff ? source.slice(1) : source;
  const reader = new Reader(text);
  reader.document();
  return {
    value: JSON.parse(text) as unknown,
    twins: reader.twins,
    placeOf(path) {
      for (let length = path.length; length >= 0; length -= 1) {
        const start = reader.starts.get(keyOf(path.slice(0, length)));
        if (start !== undefined) return placeAt(text, start);
      }
      return placeAt(text, 0);
    },
  };
}

/** JSON within a text; undefined when it is none, or when a key comes twice and nobody can tell which is meant. */
export function parseJsonText(text: string): unknown {
  try {
    const { value, twins } = parseLocated(text);
    return twins.length > 0 ? undefined : value;
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    return undefined;
  }
}

class Reader {
  readonly starts = new Map<string, number>();
  readonly twins: Twin[] = [];
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    this.#value([]);
    if (this.#at < this.#text.length) this.#fail();
  }

  #value(path: JsonPath): void {
    if (path.length > MAX_DEPTH) this.#fail();
    this.#take(BLANKS);
    this.starts.set(keyOf(path), this.#at);
    const first = this.#text[this.#at];
    if (first === "{") this.#members(path);
    else if (first === "[") this.#items(path);
    else if (this.#take(TEXT) === "" && this.#take(NUMBER) === "" && this.#take(WORD) === "") this.#fail();
    this.#take(BLANKS);
  }

  #members(path: JsonPath): void {
    const keys = new Set<string>();
    this.#list("}", () => {
      this.#take(BLANKS);
      const start = this.#at;
      const key = this.#take(TEXT);
      if (key === "") this.#fail();
      this.#take(BLANKS);
      if (this.#text[this.#at] !== ":") this.#fail();
      this.#at += 1;
      const name = JSON.parse(key) as string;
      if (keys.has(name)) this.twins.push({ path, key: name, place: placeAt(this.#text, start) });
      keys.add(name);
      this.#value([...path, name]);
      this.starts.set(keyOf([...path, name, KEY]), start);
    });
  }

  #items(path: JsonPath): void {
    let index = 0;
    this.#list("]", () => this.#value([...path, index++]));
  }

  #list(end: string, readOne: () => void): void {
    this.#at += 1;
    this.#take(BLANKS);
    if (this.#text[this.#at] === end) {
      this.#at += 1;
      return;
    }
    for (;;) {
      readOne();
      this.#take(BLANKS);
      const next = this.#text[this.#at];
      if (next !== "," && next !== end) this.#fail();
      this.#at += 1;
      if (next === end) return;
    }
  }

  #take(token: RegExp): string {
    token.lastIndex = this.#at;
    const found = token.exec(this.#text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }

  #fail(): never {
    throw new NotJson(placeAt(this.#text, this.#at));
  }
}

/** Last part of a path that means the key itself and not its value; no key of JSON is a negative number. */
export const KEY = -1;

function keyOf(path: JsonPath): string {
  return JSON.stringify(path);
}

function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset).split(/\r\n|\n|\r/);
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
