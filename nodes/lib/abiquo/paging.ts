import { isObject, type JsonObject, textOf } from "../base/json.ts";
import { type Api, unexpected } from "./api.ts";

/** A list of the API. */
export interface List {
  /** below the base */
  readonly path: string;
  /** of its media type */
  readonly name: string;
  /** text filter; absent or empty = none */
  readonly has?: string;
  /** of a page; `PAGE` unless told */
  readonly size?: number;
  /** property that tells its elements apart; `id` unless told */
  readonly id?: string;
}

/** How many elements of a list are read at once; the API's own default is 25. */
export const PAGE = 100;
/** How often a list that shrinks while it is read is gone back over. */
const REWINDS = 100;
/** After so many pages in a row that bring nothing new, a list is taken to repeat itself. */
const STALE_PAGES = 3;

/** The elements of all pages, each once. */
export async function* elementsOf<Element>(pages: Pages<Element>, signal: AbortSignal | undefined): AsyncGenerator<Element, void> {
  while (!pages.isOver) yield* await pages.next(signal);
}

/** A list that is read page by page. */
export interface Pages<Element> {
  /** Whether the last page has been read. */
  readonly isOver: boolean;
  /**
   * Reads the next page: what it has that none before it had. Where it cannot be read, nothing has moved: the next call
   * reads it again.
   */
  next(signal?: AbortSignal): Promise<readonly Element[]>;
}

/** Pages whose elements are made into something else. */
export function mappedPages<From, To>(pages: Pages<From>, map: (elements: readonly From[]) => readonly To[]): Pages<To> {
  return {
    get isOver() {
      return pages.isOver;
    },
    next: async (signal) => map(await pages.next(signal)),
  };
}

/**
 * Lists of waiting tasks have no paging links, so they are paged by arithmetic on `startwith`, `limit` and
 * `totalSize`; ordinary lists can be as well.
 */
export class ListPages implements Pages<unknown> {
  readonly #api: Api;
  readonly #list: List;
  readonly #seen = new Set<string>();
  #start = 0;
  #total = 0;
  #rewinds = 0;
  #furthest = 0;
  #stale = 0;
  #isOver = false;

  constructor(api: Api, list: List) {
    this.#api = api;
    this.#list = list;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  async next(signal?: AbortSignal): Promise<readonly unknown[]> {
    if (this.#isOver) return [];
    const { path, name, has = "", size = PAGE } = this.#list;
    const filter = has === "" ? "" : `&${encoded({ has })}`;
    const page = await this.#api.read(`${this.#api.base}${path}?startwith=${this.#start}&limit=${size}${filter}`, name, signal);
    const elements = collectionOf(page);
    const fresh = this.#fresh(elements);
    this.#isOver = !this.#moveOn(elements.length, fresh.length > 0, page["totalSize"]);
    return fresh;
  }

  #fresh(elements: readonly unknown[]): unknown[] {
    const { id = "id" } = this.#list;
    return elements.filter((element) => {
      const own = isObject(element) ? textOf(element[id]) : "";
      if (own !== "" && this.#seen.has(own)) return false;
      this.#seen.add(own);
      return true;
    });
  }

  /** Whether there is more. */
  #moveOn(length: number, isNew: boolean, totalSize: unknown): boolean {
    if (isNew) this.#stale = 0;
    else if (this.#start >= this.#furthest && ++this.#stale > STALE_PAGES) return false;
    this.#furthest = Math.max(this.#furthest, this.#start + length);
    const known = typeof totalSize === "number" ? totalSize : undefined;
    // What left the list since the last page moved the rest up, past where this page began.
    const left = known === undefined ? 0 : this.#total - known;
    this.#total = known ?? 0;
    if (left > 0 && this.#start > 0 && this.#rewinds < REWINDS) {
      this.#rewinds++;
      this.#start = Math.max(0, this.#start - left);
      return true;
    }
    this.#start += length;
    if (length === 0) return false;
    return known === undefined ? isNew && length >= (this.#list.size ?? PAGE) : this.#start < known;
  }
}

/** @throws AbiquoFault ABIQUO_UNEXPECTED_ANSWER where there is no list */
export function collectionOf(dto: JsonObject): unknown[] {
  const collection: unknown = dto["collection"];
  if (!Array.isArray(collection)) throw unexpected({ status: 200 });
  return collection;
}

/** As RFC 3986 and OAuth encode: a blank is %20, where URLSearchParams writes a plus. */
function encoded(parameters: Record<string, string>): string {
  return new URLSearchParams(parameters).toString().replaceAll("+", "%20").replaceAll("*", "%2A");
}
