import { isObject, parseJson } from "../../lib/base/json.ts";
import { textIn } from "../../lib/editor/inputs.ts";
import { select, textInput } from "../../lib/editor/rows.ts";
import { listOf, orderNumber } from "../../lib/rules/settings.ts";
import type { Kind } from "./fields.ts";
import { plain, type Saved } from "./parts.ts";
import { say } from "./texts.ts";

/** In the MB that Abiquo counts in. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ["MB", 1],
  ["GB", 1024],
  ["TB", 1048576],
]);

/** How a number is shown in a field, and kept from there: in what Abiquo counts in. */
interface Unit {
  shown(value: unknown): string;
  kept(text: string): string;
}

export function numberControl(cell: JQuery, kind: Kind, old: unknown): () => Saved {
  const input = textInput("abiquo-text", say("label.value")).attr("inputmode", "numeric").appendTo(cell);
  const unit = unitControl(cell, kind, [old]);
  input.val(unit.shown(old));
  return () => ({ value: unit.kept(textIn(input)), valueType: "num" });
}

export function rangeControl(cell: JQuery, kind: Kind, old: unknown): () => Saved {
  const given = typeof old === "string" ? parseJson(old) : old;
  const ends = isObject(given) ? [given["from"], given["to"]] : listOf(old);
  const low = textInput("abiquo-low", say("label.low")).attr("inputmode", "numeric").appendTo(cell);
  $("<span>", { "aria-hidden": "true" }).text("–").appendTo(cell);
  const high = textInput("abiquo-high", say("label.high")).attr("inputmode", "numeric").appendTo(cell);
  const unit = unitControl(cell, kind, ends);
  low.val(unit.shown(ends[0]));
  high.val(unit.shown(ends[1]));
  const read = (input: JQuery): string | number => {
    const text = unit.kept(textIn(input));
    return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
  };
  return () => ({ value: [read(low), read(high)], valueType: "json" });
}

/** The unit beside a number. */
function unitControl(cell: JQuery, kind: Kind, numbers: readonly unknown[]): Unit {
  if (kind === "cpu") $("<span>", { class: "abiquo-unit" }).text(say("unit.cpu")).appendTo(cell);
  if (kind !== "megabytes") return { shown: plain, kept: (text) => text };
  const unit = select([...UNITS.keys()], say("label.unit"))
    .addClass("abiquo-unit")
    .appendTo(cell);
  unit.val(unitFor(numbers));
  const size = (): number => UNITS.get(textIn(unit)) ?? 1;
  return {
    shown: (value) => (orderNumber(value) === undefined ? plain(value) : String(Number(value) / size())),
    kept: (text) => (orderNumber(text) === undefined ? text : String(Math.round(Number(text) * size()))),
  };
}

/** The largest unit that shows the numbers without a fraction. */
function unitFor(numbers: readonly unknown[]): string {
  const isWhole = (size: number): boolean =>
    numbers.every((value) => {
      const number = orderNumber(value);
      return number !== undefined && number !== 0 && number % size === 0;
    });
  return [...UNITS].findLast(([, size]) => isWhole(size))?.[0] ?? "MB";
}
