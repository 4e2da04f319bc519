import { type Calendar, listOf, readCalendar } from "../../lib/approval/settings.ts";
import { isObject, parseJson, textOf } from "../../lib/base/json.ts";
import { isOpen } from "../../lib/base/json-path.ts";
import { textIn } from "../../lib/editor/inputs.ts";
import { jsonPart, keeping, type Row } from "../../lib/editor/rows.ts";
import { stored } from "../../lib/editor/stored.ts";
import { listText } from "../../lib/editor/values.ts";
import { judgeProperty } from "./judging.ts";
import { say } from "./words.ts";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** What is usual, for whoever begins with working hours. */
const USUAL: Omit<Calendar, "timeZone"> = { days: [1, 2, 3, 4, 5], from: "09:00", to: "18:00", holidays: [] };

/** Whether deadlines and reminders of the open dialog count working time only. */
export function isWorkingTime(): boolean {
  return $("#abiquo-approval-clock").val() !== "";
}

/**
 * Shows working hours in their controls; in a field for JSON where those would show or save something else.
 *
 * @returns how to read them
 */
export function prepareWorkingTime(node: EditorNode): () => unknown {
  const given = stored(node)["calendar"];
  const clock = $("#abiquo-approval-clock");
  const reading = calendarIn(given);
  const { own, known, isAlways } = reading;
  const readForm = drawForm(reading);
  const isForm = isAlways || (known !== undefined && JSON.stringify(calendarIn(readForm()).known) === JSON.stringify(known));
  const readKept = isForm && own !== undefined ? keeping(own, readForm) : readForm;
  let readText: () => unknown = () => given;
  if (!isForm) {
    $("<option>").val("text").text(say("clock.text")).appendTo(clock);
    readText = jsonPart($("#abiquo-approval-calendar-text"), say("label.calendarText"), given);
  }
  clock.val(isAlways ? "" : isForm ? "business" : "text");
  const read = (): unknown => (clock.val() === "" ? "" : clock.val() === "text" ? readText() : readKept());
  const refresh = (): void => {
    $("#abiquo-approval-calendar").toggle(clock.val() === "business");
    $("#abiquo-approval-calendar-text").toggle(clock.val() === "text");
    const problem = judgeProperty("calendar", { calendar: read() });
    $("#abiquo-approval-calendar-problem")
      .text(problem ?? "")
      .toggle(problem !== undefined);
  };
  $("#abiquo-approval-tab-time").on("change input", "input, select", refresh);
  refresh();
  return read;
}

interface CalendarReading {
  /** nothing, so that time always counts */
  readonly isAlways: boolean;
  readonly own?: Row;
  /** as the node will read it, where that is known before it starts */
  readonly known?: Calendar;
}

function calendarIn(given: unknown): CalendarReading {
  let isSound = true;
  const calendar = readCalendar(given, () => {
    isSound = false;
  });
  if (isSound && calendar === undefined) return { isAlways: true };
  const own = typeof given === "string" ? parseJson(given) : given;
  if (!isObject(own)) return { isAlways: false };
  return { isAlways: false, own, ...(calendar === undefined || isOpen(given, []) ? {} : { known: calendar }) };
}

/** Fills the controls, for new working hours with what is usual; returns how to read them. */
function drawForm({ own, known }: CalendarReading): () => Row {
  const { days, from, to, holidays } = known ?? USUAL;
  const boxes = DAYS.map((day, index) => {
    const box = $("<input>", { type: "checkbox", value: index + 1 }).prop("checked", days.includes(index + 1));
    const name = $("<span>").text(say(`day.${day}`));
    $("<label>").append(box, name).appendTo("#abiquo-approval-days");
    return box;
  });
  const opening = $("#abiquo-approval-from").val(from);
  // A clock shows the end of the day as 00:00.
  const closing = $("#abiquo-approval-to").val(to.replace("24:00", "00:00"));
  const zone = $("#abiquo-approval-zone").val(known === undefined ? ownZone() : textOf(own?.["timeZone"]).trim());
  const daysOff = $("#abiquo-approval-holidays").val(listText(holidays));
  for (const each of Intl.supportedValuesOf("timeZone")) $("<option>").val(each).appendTo("#abiquo-approval-zones");
  return () => ({
    timeZone: textIn(zone),
    days: boxes.flatMap((box, index) => (box.prop("checked") === true ? [index + 1] : [])),
    from: textIn(opening) || "00:00",
    to: (textIn(closing) || "00:00").replace(/^00:00$/, "24:00"),
    holidays: listOf(textIn(daysOff)) ?? [],
  });
}

function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
