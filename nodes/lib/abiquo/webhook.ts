import { systemClock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import { isObject, parseJson, textOf } from "../base/json.ts";
import type { ApiBase } from "./base.ts";
import { excessOfJson, excessOfValue, excessOfXml, LONGEST_TASK, MOST_MEMBERS } from "./bounds.ts";
import { listInJson, listInXml } from "./lists.ts";
import { type AbiquoTask, taskFromDto } from "./task.ts";
import { badBody, parseXml, taskFromXml } from "./xml.ts";

/** An element of a collection that could not be taken. */
export interface TaskProblem {
  readonly index: number;
  /** empty when it has none */
  readonly taskId: string;
  readonly code: "ABIQUO_BAD_TASK";
  readonly problem: string;
}

export interface WebhookBody {
  /** each task once */
  readonly tasks: readonly AbiquoTask[];
  /** the first of them */
  readonly problems: readonly TaskProblem[];
  /** how many elements more could not be taken */
  readonly moreProblems: number;
  /** true when the tasks came in a collection */
  readonly collection: boolean;
}

/** How many bad elements are named: each is told by itself. */
const NAMED_PROBLEMS = 100;
/** Characters of a body that is parsed in one go. */
const AT_ONCE = 131_072;
/** How long a body is parsed before others have their turn, in ms. */
const TURN = 20;

/**
 * Reads the body of a webhook: one task or a collection, JSON or XML, whatever its Content-Type says.
 *
 * @param body in UTF-8, in UTF-16 with a byte order mark, or, XML only, in the encoding that it declares
 * @param base what the tasks' links are put on
 * @throws Fault ABIQUO_BAD_BODY `reason`: EMPTY, ENCODING, NOT_JSON, NOT_XML, DOCTYPE, TOO_DEEP, TOO_MANY,
 *   TOO_LONG
 * @throws Fault ABIQUO_NO_TASK when it holds no task that can be taken; `problem` says what the first one lacks
 */
export function parseWebhook(body: Uint8Array, base: ApiBase): WebhookBody {
  const work = reading(body, base);
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/**
 * The same, in turns with everything else that waits to be done: a long body takes as long as before, but nobody else
 * waits for it.
 *
 * @throws Fault ABIQUO_BAD_BODY, ABIQUO_NO_TASK
 */
export async function parseWebhookInTurns(body: Uint8Array, base: ApiBase): Promise<WebhookBody> {
  const work = reading(body, base);
  for (let begun = systemClock.monotonic(); ; ) {
    const step = work.next();
    if (step.done === true) return step.value;
    if (systemClock.monotonic() - begun < TURN) continue;
    await new Promise((turn) => setImmediate(turn));
    begun = systemClock.monotonic();
  }
}

/**
 * The same for a JSON body that somebody else has parsed already.
 *
 * @throws Fault ABIQUO_BAD_BODY, ABIQUO_NO_TASK
 */
export function parseWebhookJson(value: unknown, base: ApiBase): WebhookBody {
  const excess = excessOfValue(value);
  if (excess !== undefined) throw badBody(excess);
  return fromJson(value, base);
}

/** Can be put down after each step of its way, and after each element of a long list. */
function* reading(body: Uint8Array, base: ApiBase): Generator<undefined, WebhookBody> {
  const text = decode(body).trim();
  if (text === "") throw badBody("EMPTY");
  yield;
  const isXml = text.startsWith("<");
  const excess = isXml ? undefined : excessOfJson(text);
  if (excess !== undefined) throw badBody(excess);
  yield;
  const list = text.length <= AT_ONCE ? undefined : isXml ? listInXml(text) : listInJson(text);
  if (list === undefined) return isXml ? fromXml(parsedXml(text), base) : fromJson(parsedJson(text), base);
  if (list.isTooLong) throw badBody("TOO_MANY");
  const parse = isXml ? parsedXml : parsedJson;
  const frame = parse(list.frame);
  const collected = new Collected(base);
  for (const [index, element] of list.elements.entries()) {
    yield;
    const value = parse(element);
    if (!isXml) collected.add(value, index);
    else for (const task of tasksIn(value)) collected.add(taskFromXml(task), index);
  }
  // A property that comes twice is what it is the second time.
  if (!isXml && isObject(frame) && !(Array.isArray(frame["collection"]) && frame["collection"].length === 0)) return fromJson(frame, base);
  return collected.body();
}

function parsedJson(text: string): unknown {
  if (text.length > LONGEST_TASK) throw badBody("TOO_LONG");
  const value = parseJson(text);
  if (value === undefined) throw badBody("NOT_JSON");
  return value;
}

function parsedXml(text: string): Record<string, unknown> {
  const excess = text.length > LONGEST_TASK ? "TOO_LONG" : excessOfXml(text);
  if (excess !== undefined) throw badBody(excess);
  return parseXml(text);
}

function fromJson(value: unknown, base: ApiBase): WebhookBody {
  if (isObject(value) && Array.isArray(value["collection"])) return fromElements(value["collection"], base);
  if (Array.isArray(value)) return fromElements(value, base);
  return fromSingle(value, base);
}

function fromXml(document: Record<string, unknown>, base: ApiBase): WebhookBody {
  const collection = document["tasks"];
  if (collection !== undefined) return fromElements(tasksIn(collection).map(taskFromXml), base);
  return fromSingle(taskFromXml(tasksIn(document)[0]), base);
}

function tasksIn(element: unknown): readonly unknown[] {
  return isObject(element) && Array.isArray(element["task"]) ? (element["task"] as unknown[]) : [];
}

function fromSingle(value: unknown, base: ApiBase): WebhookBody {
  if (!isObject(value) || textOf(value["taskId"]) === "") throw new Fault("ABIQUO_NO_TASK", { problem: "NO_TASK_ID" });
  return { ...fromElements([value], base), collection: false };
}

function fromElements(elements: readonly unknown[], base: ApiBase): WebhookBody {
  if (elements.length > MOST_MEMBERS) throw badBody("TOO_MANY");
  const collected = new Collected(base);
  elements.forEach((element, index) => collected.add(element, index));
  return collected.body();
}

/** What the elements of a collection bring, each task once. */
class Collected {
  readonly #base: ApiBase;
  readonly #tasks = new Map<string, AbiquoTask>();
  readonly #problems: TaskProblem[] = [];
  #moreProblems = 0;

  constructor(base: ApiBase) {
    this.#base = base;
  }

  add(element: unknown, index: number): void {
    try {
      const task = taskFromDto(element, this.#base);
      if (!this.#tasks.has(task.task.taskId)) this.#tasks.set(task.task.taskId, task);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (this.#problems.length >= NAMED_PROBLEMS) return void this.#moreProblems++;
      const taskId = isObject(element) ? textOf(element["taskId"]).slice(0, 128) : "";
      const problem = String(error.params["problem"] ?? error.code);
      this.#problems.push({ index, taskId, code: "ABIQUO_BAD_TASK", problem });
    }
  }

  /** @throws Fault ABIQUO_NO_TASK when none can be taken */
  body(): WebhookBody {
    if (this.#tasks.size === 0) throw new Fault("ABIQUO_NO_TASK", { problem: this.#problems[0]?.problem ?? "EMPTY" });
    return { tasks: [...this.#tasks.values()], problems: this.#problems, moreProblems: this.#moreProblems, collection: true };
  }
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
