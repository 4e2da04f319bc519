import { XMLParser } from "fast-xml-parser";
import type { Link } from "./dto/links.ts";

/** Root elements that are not called as their media type is. */
const ROOTS: Readonly<Record<string, string>> = {
  virtualmachine: "virtualMachine",
  virtualmachineflat: "virtualMachine",
  virtualmachines: "virtualmachines",
  harddisks: "disks",
  systemproperties: "properties",
  systemproperty: "property",
  userswithroles: "users",
  "enterprises-id-name": "enterprises",
  taskextended: "task",
};

/** Elements of a collection that are not called as its root without the last letter. */
const ITEMS: Readonly<Record<string, string>> = {
  properties: "property",
  privileges: "privilege",
  virtualmachines: "virtualMachine",
  applications: "application",
};

const DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';

/** The XML that Abiquo writes for a DTO of this media type: links first, collections without an element around them. */
export function toXml(mediaType: string, dto: object): string {
  const root = ROOTS[mediaType] ?? mediaType;
  return DECLARATION + element(root, dto);
}

/** `<task>`, or `<tasks>` with one element each. */
export function tasksXml(tasks: readonly object[], asCollection: boolean): string {
  return DECLARATION + (asCollection ? element("tasks", { collection: tasks }) : tasks.map((task) => element("task", task)).join(""));
}

export function errorsXml(errors: readonly { readonly code: string; readonly message: string }[]): string {
  return DECLARATION + element("errors", { collection: errors });
}

function element(name: string, value: object): string {
  const {
    links = [],
    collection = [],
    ...fields
  } = value as { links?: readonly Link[]; collection?: readonly object[] } & Record<string, unknown>;
  const item = ITEMS[name] ?? name.replace(/s$/, "");
  const parts = [
    ...links.map(link),
    ...Object.entries(fields).map(([key, child]) => field(name === "acceptedrequest" && key === "entity" ? "message" : key, child)),
    ...collection.map((child) => element(item, child)),
  ];
  return `<${name}>${parts.join("")}</${name}>`;
}

function field(name: string, value: unknown): string {
  if (name === "variables") return variables(value);
  return typeof value === "object" && value !== null ? element(name, value) : `<${name}>${escaped(String(value))}</${name}>`;
}

/** A map: an entry with key and value for each of its names. */
function variables(value: unknown): string {
  const entries = Object.entries(value as Record<string, string>).map(
    ([key, text]) => `<entry><key>${escaped(key)}</key><value>${escaped(text)}</value></entry>`,
  );
  return `<variables>${entries.join("")}</variables>`;
}

function link({ title, rel, type, href, ...others }: Link): string {
  const attributes = { title, rel, type: type?.replace(/\+json$/, "+xml"), href, ...others };
  const written = Object.entries(attributes).filter(([, value]) => value !== undefined);
  return `<link ${written.map(([key, value]) => `${key}="${escaped(String(value))}"`).join(" ")}/>`;
}

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

const LISTS = new Set(["link", "property", "privilege"]);
const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: "", isArray: (name) => LISTS.has(name), parseTagValue: true });

/**
 * The body that somebody sends as XML, in the JSON shape.
 *
 * @throws Error when it is no XML
 */
export function fromXml(text: string): unknown {
  const document = parser.parse(text, true) as Record<string, unknown>;
  const [root] = Object.entries(document)
    .filter(([name]) => name !== "?xml")
    .map(([, value]) => value);
  if (typeof root !== "object" || root === null) return {};
  const { link: links, property, ...fields } = root as Record<string, unknown>;
  return { ...fields, ...(links === undefined ? {} : { links }), ...(property === undefined ? {} : { collection: property }) };
}
