import { isBlank, readFlag } from "../base/settings.ts";
import { bringForward, stored } from "./stored.ts";
import { listText, settingText } from "./values.ts";

/** An input of a dialog, by the property that Node-RED saves from it. */
interface Input {
  readonly property: string;
  readonly input: JQuery;
}

/** What is read from a dialog but is no input that Node-RED knows. */
export type Readers = Readonly<Record<string, () => unknown>>;

interface Shown {
  readonly inputs: ReadonlyMap<string, unknown>;
  readonly parts: readonly { readonly property: string; readonly read: () => unknown; readonly first: string | undefined }[];
}

/** For each node whose dialog is open, what it showed at first. */
const firstShown = new WeakMap<EditorNode, Shown>();

export function inputOf(node: EditorNode, property: string): JQuery {
  return $((node._def.category === "config" ? "#node-config-input-" : "#node-input-") + property);
}

/** The value in the open dialog when this node is the one being edited, else the saved one; the default for nothing. */
export function current(node: EditorNode, property: string): unknown {
  const input = inputOf(node, property);
  const value = isEdited(node) && input.length > 0 ? valueOf(input) : stored(node)[property];
  if (isBlank(value)) return node._def.defaults[property]?.value;
  return typeof value === "string" ? value.trim() : value;
}

/** True, false, or undefined while the editor has not fetched this node's credentials. */
export function hasCredential(node: EditorNode, name: string): boolean | undefined {
  const input = inputOf(node, name);
  if (isEdited(node) && input.length > 0) return input.val() !== "";
  if (node.credentials === undefined) return undefined;
  return Boolean(node.credentials[`has_${name}`] || node.credentials[name]);
}

/**
 * Fills the inputs of a dialog with what is stored. What a choice or a box to tick has no place for is added to it, or
 * shown as text; nothing is shown as what holds then.
 */
export function fill(node: EditorNode): void {
  for (const { property, input } of inputsOf(node)) show(node, property, input);
}

/**
 * Notes what a dialog shows once it is drawn: `save` tells by it what its author changed.
 *
 * @param parts how to read, by property, what is no input that Node-RED knows
 */
export function remember(node: EditorNode, parts: Readers = {}): void {
  firstShown.set(node, {
    inputs: new Map(inputsOf(node).map(({ property, input }) => [property, valueOf(input)])),
    parts: Object.entries(parts).map(([property, read]) => ({ property, read, first: JSON.stringify(read()) })),
  });
}

/**
 * Node-RED saves every input of a dialog, in its own form. An input that its author left alone is taken out of its
 * sight, so that the property stays byte for byte. Once something is changed, the node is of the present version, and what
 * it did not have is saved as the dialog showed it; of a configuration that is just added, all is.
 */
export function save(node: EditorNode): void {
  const { inputs, parts } = firstShown.get(node) ?? { inputs: new Map(), parts: [] };
  const isChanged = ({ read, first }: (typeof parts)[number]): boolean => JSON.stringify(read()) !== first;
  const untouched = inputsOf(node).filter(({ property, input }) => valueOf(input) === inputs.get(property));
  const isTouched = parts.some(isChanged) || untouched.length < inputs.size || !RED.nodes.node(node.id);
  if (isTouched) bringForward(node);
  for (const part of parts) {
    if (isChanged(part) || (isTouched && node[part.property] === undefined)) node[part.property] = part.read();
  }
  for (const { property, input } of untouched) {
    if (!isTouched || node[property] !== undefined) input.removeAttr("id");
  }
}

/** A typed input that shows the stored type too where it is none of those offered. */
export function typed(node: EditorNode, property: string, types: readonly string[]): void {
  const otherwise = settingText(node._def.defaults[`${property}Type`]?.value);
  const { [property]: value, [`${property}Type`]: storedType } = stored(node);
  const type = settingText(storedType) || otherwise;
  const input = inputOf(node, property);
  if (type !== otherwise && isBlank(value)) input.val("");
  input.typedInput({
    default: otherwise,
    types: types.includes(type) ? types : [...types, { value: type, label: type }],
    typeField: `#node-input-${property}Type`,
  });
}

/** Chooses a value in a select, as an option of its own where it is none of those offered. */
export function choose(select: JQuery, value: unknown): JQuery {
  const text = String(value);
  const isOffered = select.find("option").filter((_, option) => $(option).val() === text).length > 0;
  if (!isOffered) $("<option>").val(text).text(text).appendTo(select);
  return select.val(text);
}

/** The text in an input. */
export function textIn(input: JQuery): string {
  return settingText(input.val());
}

/** Whether the innermost open dialog is this node's. */
export function isEdited(node: EditorNode): boolean {
  return RED.editor.getEditStack().at(-1) === node;
}

function inputsOf(node: EditorNode): Input[] {
  const all = Object.keys(node._def.defaults).map((property) => ({ property, input: inputOf(node, property) }));
  return all.filter(({ input }) => input.length > 0);
}

function valueOf(input: JQuery): unknown {
  return input.attr("type") === "checkbox" ? input.prop("checked") : input.val();
}

function show(node: EditorNode, property: string, input: JQuery): void {
  const definition = node._def.defaults[property];
  // Node-RED's own choosers.
  if (definition === undefined || definition.type !== undefined) return;
  const given = stored(node)[property];
  const value = isBlank(given) ? definition.value : given;
  const flag = readFlag(value);
  if (input.is("select")) choose(input, value);
  else if (input.attr("type") !== "checkbox") input.val(typeof value === "string" ? value.replace(/\s*\n\s*/g, " ") : listText(value));
  else if ("value" in flag) input.prop("checked", flag.value);
  else input.attr("type", "text").val(listText(value));
}
