/** A value as a field for text shows it; nothing for a list or an object. */
export function plain(value: unknown): string {
  return value === undefined || value === null || typeof value === "object" ? "" : String(value);
}

/** Boxes to tick, one for each value; returns how to read which are ticked. */
export function checkBoxes<Value extends string>(
  cell: JQuery,
  values: readonly Value[],
  chosen: readonly unknown[],
  textFor: (value: Value) => string,
): () => Value[] {
  const boxes = values.map((value) => {
    const box = $("<input>", { type: "checkbox", value }).prop("checked", chosen.includes(value));
    $("<label>")
      .append(box, $("<span>").text(textFor(value)))
      .appendTo(cell);
    return { value, box };
  });
  return () => boxes.filter(({ box }) => box.prop("checked") === true).map(({ value }) => value);
}

/** What a control for a value saves of it. */
export interface Saved {
  readonly value: unknown;
  readonly valueType: string;
}
