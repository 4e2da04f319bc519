import { readList } from "../../lib/base/settings.ts";
import type { Say } from "../../lib/editor/texts.ts";
import { listText } from "../../lib/editor/values.ts";
import type texts from "../locales/en-US.json";

/** What can be read of a task, in the order of the boxes. */
export const PARTS = [
  "user",
  "role",
  "enterprise",
  "virtualmachine",
  "disks",
  "volumes",
  "virtualappliance",
  "virtualdatacenter",
  "location",
] as const;

/** Boxes to tick, or a field for a list that these cannot show; returns how to read it. */
export function drawParts(include: unknown, say: Say<(typeof texts)["abiquo-task-details"]>): () => unknown {
  const place = $("#abiquo-details-include");
  const list = readList(include);
  const chosen = "value" in list ? list.value : undefined;
  if (chosen === undefined || chosen.some((entry) => !PARTS.some((part) => part === entry))) {
    const input = $("<input>", { type: "text", style: "width:100%", "aria-labelledby": "abiquo-details-include-label" });
    input.val(listText(include)).appendTo(place.css("flex-grow", 1));
    return () => input.val();
  }
  const boxes = PARTS.map((part) => {
    const box = $("<input>", { type: "checkbox", value: part, style: "width:auto; margin:0 6px 0 0" });
    box.prop("checked", chosen.includes(part));
    const label = $("<label>", { style: "display:block; width:auto" }).append(box, $("<span>").text(say(`part.${part}`)));
    label.appendTo(place);
    return { part, box };
  });
  return () => boxes.filter(({ box }) => box.prop("checked") === true).map(({ part }) => part);
}
