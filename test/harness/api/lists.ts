import { ApiError } from "./errors.ts";
import type { Call } from "./route.ts";

/** How many an answer holds unless `limit` says otherwise (recorded: links show limit=25). */
const DEFAULT_LIMIT = 25;

/** How a list can be sorted: by name of `by`, the value that counts. The first is what it is sorted by unless told. */
export type SortKeys<Thing> = Readonly<Record<string, (thing: Thing) => string | number>>;

function wholeNumber(text: string | null, otherwise: number): number {
  if (text === null) return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new ApiError("GEN-1");
  return value;
}

/** The part of a list that `startwith` and `limit` ask for; `limit=0` is all of the rest. */
export function pageOf<Thing>(all: readonly Thing[], query: URLSearchParams): Thing[] {
  const start = wholeNumber(query.get("startwith"), 0);
  const limit = wholeNumber(query.get("limit"), DEFAULT_LIMIT);
  return limit === 0 ? all.slice(start) : all.slice(start, start + limit);
}

/**
 * An ordinary list: searched by `has` or `filter`, sorted by `by` and `asc`, one page of it, with paging links that
 * keep what was asked for.
 *
 * @param searched the texts of a thing that `has` looks into
 * @throws ApiError QUERY-0 for a `by` that the list does not know
 */
export function listOf<Thing>(
  call: Call,
  all: readonly Thing[],
  keys: SortKeys<Thing>,
  searched: (thing: Thing) => readonly string[],
  dto: (thing: Thing) => object,
): object {
  const { query } = call;
  const text = (query.get("has") ?? query.get("filter") ?? "").toLowerCase();
  const found = text === "" ? [...all] : all.filter((thing) => searched(thing).some((value) => value.toLowerCase().includes(text)));
  const sorted = sortedBy(found, query, keys);
  return {
    totalSize: sorted.length,
    links: pagingLinks(call, sorted.length, Object.keys(keys)[0] ?? ""),
    collection: pageOf(sorted, query).map(dto),
  };
}

/** @throws ApiError QUERY-0 */
export function sortedBy<Thing>(things: readonly Thing[], query: URLSearchParams, keys: SortKeys<Thing>): Thing[] {
  const [first = ""] = Object.keys(keys);
  const name = query.get("by") ?? first;
  const key = Object.hasOwn(keys, name) ? keys[name] : undefined;
  if (key === undefined) throw new ApiError("QUERY-0");
  const direction = query.get("asc") === "false" ? -1 : 1;
  return [...things].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    return x === y ? 0 : (x < y ? -1 : 1) * direction;
  });
}

/** first, previous, next and last; an empty list has none (recorded). */
function pagingLinks({ abiquo, path, query }: Call, total: number, by: string): object[] {
  if (total === 0) return [];
  const start = wholeNumber(query.get("startwith"), 0);
  const limit = wholeNumber(query.get("limit"), DEFAULT_LIMIT);
  const to = (rel: string, startwith?: number): object => {
    const kept = new URLSearchParams(query);
    if (startwith === undefined) kept.delete("startwith");
    else kept.set("startwith", String(startwith));
    kept.set("limit", String(limit));
    if (!kept.has("by")) kept.set("by", by);
    return { href: `${abiquo.url}${path}?${kept}`, rel };
  };
  return [
    to("first"),
    ...(start > 0 ? [to("previous", Math.max(0, start - limit))] : []),
    ...(limit > 0 && start + limit < total ? [to("next", start + limit)] : []),
    to("last", limit === 0 ? 0 : Math.max(0, total - limit)),
  ];
}
