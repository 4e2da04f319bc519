import { Fault } from "../fault.ts";
import { isObject, textOf } from "../json.ts";
import type { ApiBase } from "./base.ts";
import { type AbiquoTask, taskFromDto } from "./task.ts";
import { badBody, parseXml, taskFromXml } from "./xml.ts";

/** An element of a collection that could not be taken. */
export interface TaskProblem {
  readonly index: number;
  /** empty when it has none */
  readonly taskId: string;
  readonly code: string;
  readonly problem: string;
}

export interface WebhookBody {
  /** each task once */
  readonly tasks: readonly AbiquoTask[];
  readonly problems: readonly TaskProblem[];
  /** true when the tasks came in a collection */
  readonly collection: boolean;
}

/** Levels of objects and lists in JSON; a collection of tasks has eight. */
const DEEPEST = 64;

/**
 * Reads the body of a webhook: one task or a collection, JSON or XML, whatever its Content-Type says.
 *
 * @param body in UTF-8, in UTF-16 with a byte order mark, or, XML only, in the encoding that it declares
 * @param base what the tasks' links are put on
 * @throws Fault ABIQUO_BAD_BODY `reason`: EMPTY, ENCODING, NOT_JSON, NOT_XML, DOCTYPE, TOO_DEEP
 * @throws Fault ABIQUO_NO_TASK when it holds no task that can be taken; `problem` says what the first one lacks
 */
export function parseWebhook(body: Uint8Array, base: ApiBase): WebhookBody {
  const text = decode(body).trim();
  if (text === "") throw badBody("EMPTY");
  if (text.startsWith("<")) return fromXml(text, base);
  if (isTextTooDeep(text)) throw badBody("TOO_DEEP");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badBody("NOT_JSON");
  }
  return fromJson(value, base);
}

/**
 * The same for a JSON body that somebody else has parsed already.
 *
 * @throws Fault ABIQUO_BAD_BODY, ABIQUO_NO_TASK
 */
export function parseWebhookJson(value: unknown, base: ApiBase): WebhookBody {
  if (isTooDeep(value)) throw badBody("TOO_DEEP");
  return fromJson(value, base);
}

function fromJson(value: unknown, base: ApiBase): WebhookBody {
  if (isObject(value) && Array.isArray(value["collection"])) return fromElements(value["collection"], base);
  if (Array.isArray(value)) return fromElements(value, base);
  return fromSingle(value, base);
}

function fromXml(text: string, base: ApiBase): WebhookBody {
  const document = parseXml(text);
  const collection = document["tasks"];
  if (collection !== undefined) {
    const elements = isObject(collection) && Array.isArray(collection["task"]) ? (collection["task"] as unknown[]) : [];
    return fromElements(elements.map(taskFromXml), base);
  }
  const roots: unknown = document["task"];
  return fromSingle(taskFromXml(Array.isArray(roots) ? (roots as unknown[])[0] : undefined), base);
}

function fromSingle(value: unknown, base: ApiBase): WebhookBody {
  if (!isObject(value) || textOf(value["taskId"]) === "") throw new Fault("ABIQUO_NO_TASK", { problem: "NO_TASK_ID" });
  return { ...fromElements([value], base), collection: false };
}

function fromElements(elements: readonly unknown[], base: ApiBase): WebhookBody {
  if (elements.length === 0) throw new Fault("ABIQUO_NO_TASK", { problem: "EMPTY" });
  const tasks = new Map<string, AbiquoTask>();
  const problems: TaskProblem[] = [];
  elements.forEach((element, index) => {
    try {
      const task = taskFromDto(element, base);
      if (!tasks.has(task.task.taskId)) tasks.set(task.task.taskId, task);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const taskId = isObject(element) ? textOf(element["taskId"]).slice(0, 128) : "";
      const problem = String(error.params["problem"] ?? error.code);
      problems.push({ index, taskId, code: "ABIQUO_BAD_TASK", problem });
    }
  });
  if (tasks.size === 0) throw new Fault("ABIQUO_NO_TASK", { problem: problems[0]?.problem ?? "" });
  return { tasks: [...tasks.values()], problems, collection: true };
}

/** UTF-8, or what a byte order mark or an XML declaration says; strict, since wrong letters are lost for good. */
function decode(body: Uint8Array): string {
  const encoding = encodingOf(body);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(body);
  } catch {
    throw badBody("ENCODING");
  }
}

function encodingOf(body: Uint8Array): string {
  if (body[0] === 0xff && body[1] === 0xfe) return "utf-16le";
  if (body[0] === 0xfe && body[1] === 0xff) return "utf-16be";
  if (body[0] !== 0x3c) return "utf-8";
  const start = String.fromCharCode(...body.subarray(0, 120));
  return /^<\?xml[^>]*\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']/.exec(start)?.[1] ?? "utf-8";
}

/** Before it is parsed: what nests by the million would exhaust the memory first. */
function isTextTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === 0x5c) index++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > DEEPEST) return true;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
}

/** What nests deeper could be read, but not written again: writing JSON goes down the call stack. */
function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) return true;
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item !== "object" || item === null) continue;
      for (const inner of Object.values(item)) if (typeof inner === "object" && inner !== null) next.push(inner);
    }
    level = next;
  }
  return false;
}
