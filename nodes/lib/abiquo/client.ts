import type { Dispatcher } from "undici";
import { Fault } from "../fault.ts";
import { isObject, type JsonObject, textOf } from "../json.ts";
import { type Authorizer, authorizer, type Credentials } from "./auth.ts";
import type { ApiBase } from "./base.ts";
import { AbiquoFault } from "./fault.ts";
import { majorMinor, mediaType, type MediaName } from "./media-types.ts";
import { type AbiquoTask, taskFromDto } from "./task.ts";
import { createDispatcher, faultOfAnswer, faultOfNetwork, type TransportSettings } from "./transport.ts";

export interface ClientSettings extends TransportSettings {
  /** major.minor; empty = asked from the server once */
  readonly apiVersion: string;
  readonly credentials: Credentials;
}

export interface AbiquoUser {
  readonly id: string;
  readonly nick: string;
  readonly name: string;
  readonly email: string;
  readonly enterpriseId: string;
  readonly enterpriseName: string;
  readonly roleName: string;
}

export interface AbiquoEnterprise {
  readonly id: string;
  readonly name: string;
  readonly workflow: boolean;
}

export interface PlatformWorkflow {
  readonly endpoint: string;
  readonly enabled: boolean;
}

interface Call {
  readonly method: "GET" | "POST" | "PUT";
  /** absolute */
  readonly url: string;
  readonly accept?: MediaName | "text";
  readonly contentType?: MediaName | "text";
  readonly body?: string;
}

const ENDPOINT = "client.main.workflowEndPoint";
const ENABLED = "client.main.workflowEnabled";
/** How many tasks or enterprises are read at once; the API's own default is 25. */
const PAGE = 100;
const TRIES = 3;
const LONGEST_RETRY_WAIT = 5_000;
/** These answers to a GET may be better a moment later. */
const PASSING = new Set([429, 502, 503, 504]);

/**
 * Talks to the API of one Abiquo, and to no other host. A 401 halts it: Abiquo locks a user out after three
 * bad logins within a minute.
 */
export class AbiquoClient {
  readonly base: ApiBase;
  /** Told once at each halt. */
  onHalt: ((fault: AbiquoFault) => void) | undefined;
  readonly #settings: ClientSettings;
  readonly #dispatcher: Dispatcher;
  readonly #authorize: Authorizer;
  readonly #origin: string;
  #halted: AbiquoFault | undefined;
  #version: Promise<string> | undefined;
  /** what the server said of its version; empty before */
  #asked = "";
  #closed = false;

  constructor(settings: ClientSettings) {
    this.base = settings.base;
    this.#settings = settings;
    this.#dispatcher = createDispatcher(settings);
    this.#authorize = authorizer(settings.credentials);
    this.#origin = new URL(settings.base).origin;
  }

  /** The 401 after which nothing is sent any more, until `resume`. */
  get halted(): AbiquoFault | undefined {
    return this.#halted;
  }

  resume(): void {
    this.#halted = undefined;
  }

  /** major.minor of the API, asked once unless configured. @throws AbiquoFault */
  async version(): Promise<string> {
    if (this.#settings.apiVersion !== "") return this.#settings.apiVersion;
    this.#version ??= this.#askVersion();
    try {
      return await this.#version;
    } catch (error) {
      this.#version = undefined;
      throw error;
    }
  }

  /**
   * Lets the task go on. The text, if any, is kept by Abiquo with the task. Never repeated here: whoever calls
   * keeps the decision, and knows what an answer to a repeat means.
   *
   * @throws AbiquoFault
   */
  continueTask(link: string, text: string, signal?: AbortSignal): Promise<void> {
    return this.#answer(link, text, signal);
  }

  /** Ends the task. @throws AbiquoFault */
  cancelTask(link: string, text: string, signal?: AbortSignal): Promise<void> {
    return this.#answer(link, text, signal);
  }

  /** @throws AbiquoFault */
  async readTask(selfLink: string, signal?: AbortSignal): Promise<AbiquoTask> {
    return taskFromDto(await this.#read(selfLink, "task", signal), this.base);
  }

  /** The user whose credentials these are. @throws AbiquoFault */
  async currentUser(signal?: AbortSignal): Promise<AbiquoUser> {
    const dto = await this.#read(`${this.base}/login`, "user", signal);
    const enterprise = linkOf(dto, "enterprise");
    return {
      id: textOf(dto["id"]),
      nick: textOf(dto["nick"]),
      name: [textOf(dto["name"]), textOf(dto["surname"])].filter(Boolean).join(" "),
      email: textOf(dto["email"]),
      enterpriseId: /\/enterprises\/([^/?]+)/.exec(enterprise?.href ?? "")?.[1] ?? "",
      enterpriseName: enterprise?.title ?? "",
      roleName: linkOf(dto, "role")?.title ?? "",
    };
  }

  /**
   * Tasks that wait for an answer, of an enterprise or of one of its users. The list has no paging links, so
   * it is paged by arithmetic; a task that moves between pages while they are read comes once.
   *
   * @param query `filter` is the nick of the requester; `limit` 0 or absent = all
   * @param onProblem is told of elements that are no usable task
   * @throws AbiquoFault
   */
  async *pendingTasks(
    query: { enterprise: string; user?: string; filter?: string; limit?: number },
    signal?: AbortSignal,
    onProblem: (fault: Fault) => void = () => undefined,
  ): AsyncGenerator<AbiquoTask, void> {
    const user = query.user === undefined ? "" : `/users/${segment(query.user)}`;
    const path = `/admin/enterprises/${segment(query.enterprise)}${user}/action/pendingtasks`;
    const seen = new Set<string>();
    for (let start = 0; ; ) {
      const parameters = new URLSearchParams({ startwith: String(start), limit: String(PAGE) });
      if (query.filter) parameters.set("has", query.filter);
      const page = await this.#read(`${this.base}${path}?${encoded(parameters)}`, "tasks", signal);
      const elements = collectionOf(page);
      for (const element of elements) {
        try {
          const task = taskFromDto(element, this.base);
          if (seen.has(task.task.taskId)) continue;
          seen.add(task.task.taskId);
          yield task;
          if (query.limit && seen.size >= query.limit) return;
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          onProblem(error);
        }
      }
      start += elements.length;
      if (elements.length === 0 || start >= Number(page["totalSize"] ?? 0)) return;
    }
  }

  /** Enterprises the user may see. @throws AbiquoFault */
  async *enterprises(query: { workflow?: boolean } = {}, signal?: AbortSignal): AsyncGenerator<AbiquoEnterprise, void> {
    for (let start = 0; ; ) {
      const url = `${this.base}/admin/enterprises?startwith=${start}&limit=${PAGE}`;
      const page = await this.#read(url, "enterprises", signal);
      const elements = collectionOf(page);
      for (const element of elements) {
        const enterprise = enterpriseOf(element);
        if (query.workflow === undefined || enterprise.workflow === query.workflow) yield enterprise;
      }
      start += elements.length;
      if (elements.length === 0 || start >= Number(page["totalSize"] ?? 0)) return;
    }
  }

  /** @throws AbiquoFault */
  async enterprise(id: string, signal?: AbortSignal): Promise<AbiquoEnterprise> {
    return enterpriseOf(await this.#read(this.#enterpriseUrl(id), "enterprise", signal));
  }

  /** Turns the workflow of one enterprise on or off; all its other fields go back as they came. @throws AbiquoFault */
  async setEnterpriseWorkflow(id: string, enabled: boolean, signal?: AbortSignal): Promise<AbiquoEnterprise> {
    const url = this.#enterpriseUrl(id);
    const put = async (): Promise<AbiquoEnterprise> => {
      const whole = await this.#read(url, "enterprise", signal);
      if (whole["workflow"] === enabled) return enterpriseOf(whole);
      return enterpriseOf(await this.#write("PUT", url, "enterprise", { ...whole, workflow: enabled }, signal));
    };
    try {
      return await put();
    } catch (error) {
      if (!(error instanceof AbiquoFault) || error.status !== 409) throw error;
      // 409-CONFLICT-StaleObject: somebody changed the enterprise in between.
      return put();
    }
  }

  /** Endpoint and switch of the whole platform. @throws AbiquoFault */
  async platformWorkflow(signal?: AbortSignal): Promise<PlatformWorkflow> {
    const endpoint = await this.#property(ENDPOINT, signal);
    const enabled = await this.#property(ENABLED, signal);
    return { endpoint: textOf(endpoint?.["value"]), enabled: textOf(enabled?.["value"]) === "1" };
  }

  /**
   * Sets the endpoint first and the switch then, since tasks fail while the switch is on without an endpoint.
   * Each property is changed by itself: a PUT of the collection would delete all others.
   *
   * @throws AbiquoFault
   */
  async setPlatformWorkflow(
    change: { endpoint?: string; enabled?: boolean },
    signal?: AbortSignal,
  ): Promise<PlatformWorkflow> {
    if (change.endpoint !== undefined) await this.#setProperty(ENDPOINT, change.endpoint, signal);
    if (change.enabled !== undefined) await this.#setProperty(ENABLED, change.enabled ? "1" : "0", signal);
    return this.platformWorkflow(signal);
  }

  /** Cuts short what is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#dispatcher.destroy();
  }

  async #property(name: string, signal?: AbortSignal): Promise<JsonObject | undefined> {
    const url = `${this.base}/config/properties?name=${name}`;
    const found = collectionOf(await this.#read(url, "systemproperties", signal));
    return found.find((property) => property["name"] === name);
  }

  async #setProperty(name: string, value: string, signal?: AbortSignal): Promise<void> {
    const url = `${this.base}/config/properties`;
    const property = await this.#property(name, signal);
    if (property === undefined) await this.#write("POST", url, "systemproperty", { name, value }, signal);
    else if (property["value"] !== value) {
      await this.#write("PUT", `${url}/${segment(textOf(property["id"]))}`, "systemproperty", { ...property, value }, signal);
    }
  }

  #enterpriseUrl(id: string): string {
    return `${this.base}/admin/enterprises/${segment(id)}`;
  }

  async #askVersion(): Promise<string> {
    const text = await this.#safely({ method: "GET", url: `${this.base}/version`, accept: "text" });
    const version = majorMinor(text);
    if (version === undefined) throw new AbiquoFault("ABIQUO_UNEXPECTED_ANSWER", { status: 200 });
    this.#asked = version;
    return version;
  }

  async #answer(link: string, text: string, signal?: AbortSignal): Promise<void> {
    // The server keeps a text only when it comes as text/plain; a body of any other type is dropped.
    const content = text === "" ? {} : ({ contentType: "text", body: text } as const);
    await this.#send({ method: "POST", url: link, ...content }, signal);
  }

  async #read(url: string, name: MediaName, signal?: AbortSignal): Promise<JsonObject> {
    await this.version();
    return jsonIn(await this.#safely({ method: "GET", url, accept: name }, signal));
  }

  async #write(method: "POST" | "PUT", url: string, name: MediaName, dto: object, signal?: AbortSignal): Promise<JsonObject> {
    await this.version();
    return jsonIn(await this.#send({ method, url, accept: name, contentType: name, body: JSON.stringify(dto) }, signal));
  }

  /** A call that may be repeated without harm. */
  async #safely(call: Call, signal?: AbortSignal): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#send(call, signal);
      } catch (error) {
        const isPassing =
          error instanceof AbiquoFault && error.retriable && (error.status === undefined || PASSING.has(error.status));
        if (!isPassing || attempt >= TRIES || signal?.aborted) throw error;
        const wait = Math.min(error.retryAfterMs ?? 200 * 2 ** attempt * (0.5 + Math.random()), LONGEST_RETRY_WAIT);
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  async #send(call: Call, signal?: AbortSignal): Promise<string> {
    if (this.#halted !== undefined) throw this.#halted;
    if (this.#closed) throw new AbiquoFault("ABIQUO_CLOSED", {});
    if (!call.url.startsWith(`${this.base}/`)) throw new Fault("ABIQUO_BAD_LINK");
    const path = call.url.slice(this.#origin.length);
    const headers: Record<string, string> = {
      Authorization: this.#authorize(call.method, call.url),
      Accept: this.#mediaType(call.accept),
    };
    if (call.contentType !== undefined) headers["Content-Type"] = this.#mediaType(call.contentType);

    let answer: Dispatcher.ResponseData;
    let body: string;
    try {
      answer = await this.#dispatcher.request({
        origin: this.#origin,
        path,
        method: call.method,
        headers,
        body: call.body ?? null,
        signal: signal ?? null,
      });
      body = await answer.body.text();
    } catch (error) {
      throw faultOfNetwork(error, this.base, this.#settings.timeoutMs, this.#closed);
    }
    if (answer.statusCode >= 200 && answer.statusCode < 300) return body;
    throw this.#refused(answer, body, path);
  }

  #refused({ statusCode, headers }: Dispatcher.ResponseData, body: string, path: string): AbiquoFault {
    const signed = this.#settings.credentials.kind === "oauth1";
    const version = this.#settings.apiVersion;
    const fault = faultOfAnswer({ status: statusCode, headers, body, path: path.split("?")[0] ?? "", signed, version });
    if (statusCode === 401 && this.#halted === undefined) {
      this.#halted = fault;
      this.onHalt?.(fault);
    }
    return fault;
  }

  /** Sent without a version until the server has said its own. */
  #mediaType(name: MediaName | "text" | undefined): string {
    if (name === "text") return "text/plain";
    if (name === undefined) return "application/json, text/plain";
    return mediaType(name, this.#settings.apiVersion || this.#asked);
  }
}

function linkOf(dto: JsonObject, rel: string): { href: string; title: string } | undefined {
  const links: unknown = dto["links"];
  if (!Array.isArray(links)) return undefined;
  const link = links.find((candidate: unknown) => isObject(candidate) && candidate["rel"] === rel) as JsonObject | undefined;
  return link === undefined ? undefined : { href: textOf(link["href"]), title: textOf(link["title"]) };
}

function collectionOf(dto: JsonObject): JsonObject[] {
  const collection: unknown = dto["collection"];
  if (!Array.isArray(collection)) throw new AbiquoFault("ABIQUO_UNEXPECTED_ANSWER", { status: 200 });
  return collection.filter(isObject) as JsonObject[];
}

function enterpriseOf(dto: JsonObject): AbiquoEnterprise {
  return { id: textOf(dto["id"]), name: textOf(dto["name"]), workflow: dto["workflow"] === true };
}

function jsonIn(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value as JsonObject;
  } catch {
    // Some proxy's page: named below.
  }
  throw new AbiquoFault("ABIQUO_UNEXPECTED_ANSWER", { status: 200 });
}

/** An id as one segment of a path. @throws Fault ABIQUO_BAD_LINK when it is none */
function segment(id: string): string {
  if (!/^[A-Za-z0-9_-]+$/.test(id)) throw new Fault("ABIQUO_BAD_LINK");
  return id;
}

/** As RFC 3986 and OAuth encode: a blank is %20, where URLSearchParams writes a plus. */
function encoded(parameters: URLSearchParams): string {
  return parameters.toString().replaceAll("+", "%20").replaceAll("*", "%2A");
}
