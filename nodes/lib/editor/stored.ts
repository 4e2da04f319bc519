import { type Definition, migrated, versionOf } from "../base/definitions.ts";
import { Fault, valueOrFault } from "../base/fault.ts";

/** A node's properties as this release understands them; as they stand where they are of a version that it does not know. */
export function stored(node: EditorNode): Definition {
  return broughtForward(node) ?? node;
}

/** Makes of a node what this release understands, and says so in it, if it is not of a version that it does not know. */
export function bringForward(node: EditorNode): void {
  const properties = broughtForward(node);
  if (properties === undefined) return;
  for (const name of Object.keys(node._def.defaults)) {
    if (node[name] !== properties[name]) node[name] = properties[name];
  }
  node["version"] = versionOf(node.type);
}

function broughtForward(node: EditorNode): Definition | undefined {
  const names = Object.keys(node._def.defaults).filter((name) => node[name] !== undefined);
  const properties = valueOrFault(() => migrated(node.type, Object.fromEntries(names.map((name) => [name, node[name]]))));
  return properties instanceof Fault ? undefined : properties;
}
