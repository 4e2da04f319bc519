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

/**
 * The elements of a list, each once. Lists of waiting tasks have no paging links, so they are paged by
 * arithmetic on `startwith`, `limit` and `totalSize`; ordinary lists can be as well.
 */
export async function* elementsOf(api: Api, list: List, signal: AbortSignal | undefined): AsyncGenerator<unknown, void> {
  const { path, name, has = "", size = PAGE, id = "id" } = list;
  const filter = has === "" ? "" : `&${encoded({ has })}`;
  const seen = new Set<string>();
  let total = 0;
  let rewinds = 0;
  let furthest = 0;
  let stale = 0;
  for (let start = 0; ; ) {
    const page = await api.read(`${api.base}${path}?startwith=${start}&limit=${size}${filter}`, name, signal);
    const elements = collectionOf(page);
    let isNew = false;
    for (const element of elements) {
      const own = isObject(element) ? textOf(element[id]) : "";
      if (own !== "" && seen.has(own)) continue;
      seen.add(own);
      isNew = true;
      yield element;
    }
    if (isNew) stale = 0;
    else if (start >= furthest && ++stale > STALE_PAGES) return;
    furthest = Math.max(furthest, start + elements.length);
    const known = typeof page["totalSize"] === "number" ? page["totalSize"] : undefined;
    // What left the list since the last page moved the rest up, past where this page began.
    const left = known === undefined ? 0 : total - known;
    total = known ?? 0;
    if (left > 0 && start > 0 && rewinds < REWINDS) {
      rewinds++;
      start = Math.max(0, start - left);
      continue;
    }
    start += elements.length;
    const isMore = known === undefined ? isNew && elements.length >= size : start < known;
    if (elements.length === 0 || !isMore) return;
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
