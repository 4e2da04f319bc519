import { readList } from "../base/settings.ts";
import { listText } from "./values.ts";

/**
 * Boxes to tick, or a field for a list that these cannot show; returns how to read it.
 *
 * @param place id of the element that takes them; its label has the same id with `-label`
 * @param value as it is stored
 */
export function drawBoxes<Choice extends string>(
  place: string,
  choices: readonly Choice[],
  value: unknown,
  label: (choice: Choice) => string,
): () => unknown {
  const element = $(`#${place}`);
  const list = readList(value);
  const chosen = "value" in list ? list.value : undefined;
  if (chosen === undefined || chosen.some((entry) => !choices.some((choice) => choice === entry))) {
    const input = $("<input>", { type: "text", style: "width:100%", "aria-labelledby": `${place}-label` });
    input.val(listText(value)).appendTo(element.css("flex-grow", 1));
    return () => input.val();
  }
  const boxes = choices.map((choice) => {
    const box = $("<input>", { type: "checkbox", value: choice, style: "width:auto; margin:0 6px 0 0" });
    box.prop("checked", chosen.includes(choice));
    $("<label>", { style: "display:block; width:auto" })
      .append(box, $("<span>").text(label(choice)))
      .appendTo(element);
    return { choice, box };
  });
  return () => boxes.filter(({ box }) => box.prop("checked") === true).map(({ choice }) => choice);
}
