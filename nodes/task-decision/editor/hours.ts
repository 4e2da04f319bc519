import { isObject, parseJson, textOf } from "../../lib/base/json.ts";
import { textIn } from "../../lib/editor/inputs.ts";
import { keeping, textInput } from "../../lib/editor/rows.ts";
import { DAYS, listOf, parseHours } from "../../lib/rules/settings.ts";
import { checkBoxes, type Saved } from "./parts.ts";
import { say } from "./texts.ts";

const [SUNDAY, ...WORKDAYS_AND_SATURDAY] = DAYS;
const WEEK = [...WORKDAYS_AND_SATURDAY, SUNDAY];
const OFFERED = { days: WEEK.slice(0, 5), from: "09:00", to: "18:00" };

export const ZONES = "abiquo-decision-zones";

/** Hours of the week; new ones are those of an office. */
export function timeControl(cell: JQuery, old: unknown): () => Saved {
  const given = typeof old === "string" ? parseJson(old) : old;
  const stored = isObject(given) ? given : undefined;
  const readDays = checkBoxes(cell, WEEK, stored === undefined ? OFFERED.days : daysIn(stored), (day) => say(`day.${day}`));
  const hours = $("<span>", { class: "abiquo-hours" }).appendTo(cell);
  const from = timeInput("abiquo-from", say("label.from"), stored === undefined ? OFFERED.from : clockTime(stored["from"])).appendTo(hours);
  $("<span>", { "aria-hidden": "true" }).text("–").appendTo(hours);
  const to = timeInput("abiquo-to", say("label.to"), stored === undefined ? OFFERED.to : clockTime(stored["to"])).appendTo(hours);
  const example = stored === undefined ? "Europe/Madrid" : say("placeholder.serverZone");
  const zone = textInput("abiquo-zone", say("label.timeZone"), example).attr("list", ZONES).appendTo(cell);
  zone.val(stored === undefined ? Intl.DateTimeFormat().resolvedOptions().timeZone : textOf(stored["timeZone"]));
  const readWindow = (): Readonly<Record<string, unknown>> => {
    const days = readDays();
    // No days at all would mean every day.
    return { days: days.length > 0 ? days : [""], from: textIn(from), to: textIn(to).replace("00:00", "24:00"), timeZone: textIn(zone) };
  };
  const read = stored === undefined ? readWindow : keeping(stored, readWindow);
  return () => ({ value: read(), valueType: "json" });
}

function daysIn(stored: Readonly<Record<string, unknown>>): readonly unknown[] {
  const hours = parseHours(stored, "", () => undefined);
  return hours === undefined ? listOf(stored["days"] || "") : [...hours.days].map((day) => DAYS[day]);
}

function timeInput(className: string, name: string, value: string): JQuery {
  return $("<input>", { type: "time", class: className, "aria-label": name }).val(value);
}

/** A clock shows the end of the day as 00:00. */
function clockTime(value: unknown): string {
  const text = textOf(value).trim() || "00:00";
  return text.replace(/^(\d):/, "0$1:").replace("24:00", "00:00");
}
