import { textOf } from "../base/json.ts";

/** What the author called the node; nothing where it has no name. */
export function nameOf(node: EditorNode): string {
  return textOf(node["name"]);
}

/** How the workspace shows the label: names that people gave stand out. */
export function labelStyleOf(node: EditorNode): string {
  return nameOf(node) === "" ? "" : "node_label_italic";
}
