import { XMLParser } from "fast-xml-parser";
import { Fault } from "../fault.ts";
import { isObject, type JsonObject, type JsonValue, textOf } from "../json.ts";

/** Elements within elements; a task has five levels. */
const DEEPEST = 32;

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  parseAttributeValue: false,
  removeNSPrefix: true,
  // Only the five entities of XML and numeric ones: without a DOCTYPE nobody can define others.
  processEntities: true,
  htmlEntities: false,
  isArray: (name, path) => name === "link" || name === "job" || (name === "task" && path === "tasks.task"),
});

/**
 * Parses an XML document into plain objects.
 *
 * @throws Fault ABIQUO_BAD_BODY when it is not well-formed, declares a document type, or nests too deep
 */
export function parseXml(text: string): Record<string, unknown> {
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) throw badBody("DOCTYPE");
  if (isTooDeep(text)) throw badBody("TOO_DEEP");
  try {
    const document: unknown = parser.parse(text, true);
    if (isObject(document)) return document;
  } catch {
    // The parser's message quotes the document, which is not ours to show.
  }
  throw badBody("NOT_XML");
}

/** The Task DTO in the shape that JSON has; anything else stays as it is, for the reader of tasks to refuse. */
export function taskFromXml(element: unknown): unknown {
  if (!isObject(element)) return element;
  const task: JsonObject = { links: linksFromXml(element["link"]) };
  for (const [name, value] of Object.entries(element)) {
    if (name === "jobs") {
      const jobs = isObject(value) && Array.isArray(value["job"]) ? (value["job"] as unknown[]) : [];
      task["jobs"] = { links: [], collection: jobs.map(jobFromXml) };
    } else if (name !== "link" && !name.startsWith("@")) {
      task[name] = scalar(name, value);
    }
  }
  return task;
}

function jobFromXml(element: unknown): JsonValue {
  if (!isObject(element)) return {};
  const job: JsonObject = { links: linksFromXml(element["link"]) };
  for (const [name, value] of Object.entries(element)) {
    if (name !== "link" && !name.startsWith("@")) job[name] = scalar(name, value);
  }
  return job;
}

function linksFromXml(links: unknown): JsonValue[] {
  if (!Array.isArray(links)) return [];
  return links.map((link): JsonValue => {
    if (!isObject(link)) return {};
    const attributes = Object.entries(link).filter(([name]) => name.startsWith("@"));
    return Object.fromEntries(attributes.map(([name, value]) => [name.slice(1), textOf(value)]));
  });
}

function scalar(name: string, value: unknown): JsonValue {
  const text = textOf(value);
  return /imestamp$/.test(name) && /^\d{1,15}$/.test(text) ? Number(text) : text;
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  for (const [tag] of text.matchAll(/<\/?[A-Za-z_][^<>]*>/g)) {
    if (tag.startsWith("</")) depth--;
    else if (!tag.endsWith("/>") && ++depth > DEEPEST) return true;
  }
  return false;
}

export function badBody(reason: string): Fault {
  return new Fault("ABIQUO_BAD_BODY", { reason });
}
