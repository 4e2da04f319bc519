import { type EntityDecoderOptions, XMLParser, XMLValidator } from "fast-xml-parser";
import { Fault } from "../base/fault.ts";
import { isObject, type JsonObject, type JsonValue, textOf } from "../base/json.ts";
import { DEEPEST } from "./bounds.ts";
import type { BodyReason } from "./faults.ts";

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/**
 * The five entities of XML (section 4.6) and numeric ones, each resolved once; any other stays as it is
 * written. The library's own decoder leaves out numeric ones unless it is given all of HTML's.
 */
const decoder: EntityDecoderOptions = {
  decode: (text) =>
    text.includes("&")
      ? text.replace(/&(?:#(\d{1,7})|#x([\dA-Fa-f]{1,6})|(lt|gt|amp|quot|apos));/g, (written, decimal, hex, name) => {
          if (typeof name === "string") return ENTITIES[name] ?? written;
          return character(typeof decimal === "string" ? Number(decimal) : Number.parseInt(String(hex), 16)) ?? written;
        })
      : text,
  addInputEntities: () => undefined,
  setExternalEntities: () => undefined,
  setXmlVersion: () => undefined,
  reset: () => undefined,
};

/** The character of a number, where XML 1.0 allows it (section 2.2). */
function character(code: number): string | undefined {
  const isControl = code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d;
  const isSurrogate = code >= 0xd800 && code <= 0xdfff;
  return isControl || isSurrogate || code > 0x10ffff ? undefined : String.fromCodePoint(code);
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  parseAttributeValue: false,
  removeNSPrefix: true,
  entityDecoder: decoder,
  maxNestedTags: DEEPEST,
  // Working out every element's path as text takes as long as all the rest.
  jPath: false,
  isArray: (name) => name === "link" || name === "job" || name === "task",
});

/**
 * Parses an XML document into plain objects; `task`, `job` and `link` are lists wherever they stand.
 *
 * @throws Fault ABIQUO_BAD_BODY when it is not well-formed, declares a document type, or nests too deep
 */
export function parseXml(text: string): Record<string, unknown> {
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) throw badBody("DOCTYPE");
  try {
    const document: unknown = XMLValidator.validate(text) === true ? parser.parse(text) : undefined;
    // The library lets several roots pass, which XML does not (section 2.1): some would be lost.
    if (isObject(document) && Object.values(document).flat().length === 1) return document;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("Maximum nested tags")) throw badBody("TOO_DEEP");
    // Any other message quotes the document, which is not ours to show.
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

export function badBody(reason: BodyReason): Fault {
  return new Fault("ABIQUO_BAD_BODY", { reason });
}
