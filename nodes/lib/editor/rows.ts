import { parseJson } from "../base/json.ts";

/** A row of a list in a dialog. What it holds is whatever the flow file holds. */
export type Row = Readonly<Record<string, unknown>>;

/** A field for JSON, or for the variable that holds it; returns its typed input. */
export function jsonField(cell: JQuery, name: string, value: unknown): JQuery {
  const input = $("<input>", { type: "text", class: "abiquo-json", style: "width:100%" }).appendTo(cell);
  input.typedInput({ default: "json", types: ["json"] });
  input.typedInput("value", typeof value === "string" ? value : JSON.stringify(value));
  input.next().find(".red-ui-typedInput-input").attr("aria-label", name);
  return input;
}

/** As `jsonField`, for a part of a list; returns how to read it: untouched, it is the very value. */
export function jsonPart(cell: JQuery, name: string, value: unknown): () => unknown {
  const input = jsonField(cell, name, value);
  const first = input.typedInput("value");
  return () => {
    const text = input.typedInput("value");
    if (text === first) return value;
    const parsed = parseJson(text);
    return parsed === undefined ? text.trim() : parsed;
  };
}

/**
 * Reads a row of a list. What its author left alone stays as it is stored, and so does all that the row does not show.
 *
 * @param together fields of which all are saved when one is changed
 */
export function keeping(stored: Row, readRow: () => Row, together: readonly (readonly string[])[] = []): () => Row {
  const first = readRow();
  return () => {
    const now = readRow();
    const isChanged = (field: string): boolean => JSON.stringify(now[field]) !== JSON.stringify(first[field]);
    const isSaved = (field: string): boolean => (together.find((fields) => fields.includes(field)) ?? [field]).some(isChanged);
    return { ...stored, ...Object.fromEntries(Object.entries(now).filter(([field]) => isSaved(field))) };
  };
}

export function select<Value extends string>(
  values: readonly Value[],
  name: string,
  textFor: (value: Value) => string = (value) => value,
): JQuery {
  const element = $("<select>", { "aria-label": name });
  for (const value of values) $("<option>").val(value).text(textFor(value)).appendTo(element);
  return element;
}

export function textInput(className: string, name: string, placeholder = ""): JQuery {
  return $("<input>", { type: "text", class: className, "aria-label": name, placeholder });
}

export function iconButton(icon: string, name: string): JQuery {
  const picture = $("<i>", { class: `fa ${icon}`, "aria-hidden": "true" });
  return $("<button>", { type: "button", class: "red-ui-button red-ui-button-small", title: name, "aria-label": name }).append(picture);
}

/** Buttons that move a row, so that it needs no mouse. */
export function addMoves(head: JQuery, container: JQuery, [up, down]: readonly [up: string, down: string], moved: () => void): void {
  const add = (icon: string, name: string, move: (item: JQuery) => void): void => {
    const button = iconButton(icon, name).appendTo(head);
    button.on("click", () => {
      move(container.closest("li"));
      moved();
      button.trigger("focus");
    });
  };
  add("fa-arrow-up", up, (item) => item.prev().before(item));
  add("fa-arrow-down", down, (item) => item.next().after(item));
}
