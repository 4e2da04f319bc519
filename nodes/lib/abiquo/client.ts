import { Fault } from "../base/fault.ts";
import { isObject, type JsonObject, parseJson, textOf } from "../base/json.ts";
import { principalOf } from "./auth.ts";
import type { ApiBase } from "./base.ts";
import { AbiquoFault } from "./faults.ts";
import { badLink, linkOf } from "./links.ts";
import { majorMinor, mediaType } from "./media-types.ts";
import { type Answer, type Call, Session, type SessionSettings } from "./session.ts";
import { type AbiquoTask, taskFromDto } from "./task.ts";
import { closedFault, decoded, foreignFault } from "./transport.ts";

export interface ClientSettings extends SessionSettings {
  /** major.minor; empty = asked from the server once */
  readonly apiVersion: string;
}

export interface AbiquoUser {
  readonly id: string;
  /** login name */
  readonly nick: string;
  /** first and last name */
  readonly name: string;
  /** may be empty */
  readonly email: string;
  readonly enterpriseId: string;
  readonly enterpriseName: string;
  readonly roleName: string;
  /** false once an administrator has disabled the account */
  readonly isActive: boolean;
}

export interface AbiquoEnterprise {
  readonly id: string;
  readonly name: string;
  /** whether its tasks are held for an answer, provided that the platform's switch is on as well */
  readonly workflow: boolean;
}

/** Any resource, as it was read. */
export interface Resource {
  readonly content: JsonObject;
  /** entity tag; empty when the server sent none */
  readonly etag: string;
}

export interface PlatformWorkflow {
  /** where Abiquo posts its tasks; empty when not set */
  readonly endpoint: string;
  readonly enabled: boolean;
}

/** Names of system properties; Abiquo workflow feature, "Configure workflow". */
const ENDPOINT = "client.main.workflowEndPoint";
const ENABLED = "client.main.workflowEnabled";
/** How many elements of a list are read at once; the API's own default is 25. */
const PAGE = 100;
/** How often a list that shrinks while it is read is gone back over. */
const REWINDS = 100;
/** After so many pages in a row that bring nothing new, a list is taken to repeat itself. */
const STALE_PAGES = 3;
/** What the API's clients ask for where no object is expected. */
const ANYTHING = "application/json, text/plain";

/**
 * Talks to the API of one Abiquo, and to no other host. Every call may throw, beside what it says itself:
 *
 * - AbiquoFault ABIQUO_UNAUTHORIZED, ABIQUO_CLOCK_SKEW (both halt the client: see `halted`), ABIQUO_FORBIDDEN,
 *   ABIQUO_NOT_FOUND, ABIQUO_REFUSED, ABIQUO_VERSION_REFUSED, ABIQUO_RATE_LIMITED, ABIQUO_FAILED: by the status
 * - AbiquoFault ABIQUO_UNREACHABLE, ABIQUO_TIMEOUT: no answer
 * - AbiquoFault ABIQUO_UNEXPECTED_ANSWER: an answer that is not Abiquo's
 * - AbiquoFault ABIQUO_CLOSED: `close` or the caller's signal came first
 * - Fault ABIQUO_BAD_LINK: a link or an id that does not lead below `base`
 *
 * Reads are repeated twice, with growing random waits, when nobody answers or the answer is a passing one
 * (429, 502, 503, 504). What changes something is never repeated.
 */
export class AbiquoClient {
  readonly base: ApiBase;
  /** equal for clients that sign in as the same user; not a secret */
  readonly principal: string;
  readonly #session: Session;
  readonly #apiVersion: string;
  #version: Promise<string> | undefined;
  /** what the server said of its version; empty before */
  #asked = "";

  /** @throws Fault CONFIG_INVALID when the proxy's address is not usable */
  constructor(settings: ClientSettings) {
    this.base = settings.base;
    this.principal = principalOf(settings.credentials);
    this.#apiVersion = settings.apiVersion;
    this.#session = new Session(settings);
  }

  /**
   * The 401 after which nothing is sent any more, until `resume`: Abiquo locks a user out after three bad logins
   * within a minute. Every call fails with it at once.
   */
  get halted(): AbiquoFault | undefined {
    return this.#session.halted;
  }

  /** Whether an outage has been told, and nobody has answered well since. */
  get isDown(): boolean {
    return this.#session.isDown;
  }

  resume(): void {
    this.#session.resume();
  }

  /** Told once at each halt. */
  get onHalt(): ((fault: AbiquoFault) => void) | undefined {
    return this.#session.onHalt;
  }

  set onHalt(listener: ((fault: AbiquoFault) => void) | undefined) {
    this.#session.onHalt = listener;
  }

  /** Told once at each outage, when nobody has answered well for half a minute of attempts. */
  set onOutage(listener: (fault: AbiquoFault) => void) {
    this.#session.onOutage = listener;
  }

  /**
   * major.minor of the API, asked once unless configured, and again when the server refuses it; callers at the same time
   * share the question.
   */
  async version(signal?: AbortSignal): Promise<string> {
    if (this.#apiVersion !== "") return this.#apiVersion;
    if (this.#asked !== "") return this.#asked;
    this.#version ??= this.#askVersion().finally(() => {
      this.#version = undefined;
    });
    return unlessAborted(this.#version, signal);
  }

  /**
   * Lets the task go on: from QUEUEING to PENDING.
   *
   * @param link of the task, absolute
   * @param text kept by Abiquo with the task; empty = none
   */
  continueTask(link: string, text: string, signal?: AbortSignal): Promise<void> {
    return this.#answer(link, text, signal);
  }

  /** Ends the task: from QUEUEING to CANCELLED. Parameters as of `continueTask`. */
  cancelTask(link: string, text: string, signal?: AbortSignal): Promise<void> {
    return this.#answer(link, text, signal);
  }

  /**
   * @param selfLink absolute
   * @throws Fault ABIQUO_BAD_TASK when what is there is no task
   */
  async readTask(selfLink: string, signal?: AbortSignal): Promise<AbiquoTask> {
    return taskFromDto(await this.#read(selfLink, "task", signal), this.base);
  }

  /**
   * Reads any resource.
   *
   * @param link absolute, below the base
   * @param name of its media type, as `virtualmachine` in `application/vnd.abiquo.virtualmachine+json`
   * @param known what an earlier reading brought, which is not sent again while the server says that it still holds
   */
  async read(link: string, name: string, known?: Resource): Promise<Resource> {
    const condition = known === undefined || known.etag === "" ? {} : { ifNoneMatch: known.etag };
    const answer = await this.#get({ url: link, isGiven: true, ...condition }, name);
    return answer.status === 304 && known !== undefined ? known : { content: jsonOf(answer), etag: answer.etag };
  }

  /** The user whose credentials these are. */
  async currentUser(signal?: AbortSignal): Promise<AbiquoUser> {
    return userOf(await this.#read(`${this.base}/login`, "user", signal));
  }

  /** @param link of a task to the user who asked; absolute */
  async user(link: string, signal?: AbortSignal): Promise<AbiquoUser> {
    return userOf(await this.#read(link, "user", signal));
  }

  /** The users of an enterprise whom these credentials may see. */
  async *users(enterprise: string, signal?: AbortSignal): AsyncGenerator<AbiquoUser, void> {
    const idOf = (dto: unknown): string => (isObject(dto) ? textOf(dto["id"]) : "");
    const list = { path: `/admin/enterprises/${segment(enterprise)}/users`, name: "users", has: "", size: PAGE, idOf } as const;
    for await (const dto of this.#elements(list, signal)) if (isObject(dto)) yield userOf(dto as JsonObject);
  }

  /** The id of the enterprise that a virtual datacenter belongs to; empty when its links do not say. */
  async datacenterEnterprise(virtualDatacenter: string, signal?: AbortSignal): Promise<string> {
    const url = `${this.base}/cloud/virtualdatacenters/${segment(virtualDatacenter)}`;
    return enterpriseIdIn(linkOf(await this.#read(url, "virtualdatacenter", signal), "enterprise"));
  }

  /**
   * Tasks that wait for an answer, of an enterprise or of one of its users. A task that moves between pages
   * while they are read comes once.
   *
   * @param query ids of enterprise and user; `filter` is the nick of the requester; `limit` 0 or absent = all
   * @param onProblem is told of elements that are no usable task (ABIQUO_BAD_TASK, ABIQUO_BAD_LINK)
   */
  async *pendingTasks(
    query: { enterprise: string; user?: string; filter?: string; limit?: number },
    signal?: AbortSignal,
    onProblem: (fault: Fault) => void = () => undefined,
  ): AsyncGenerator<AbiquoTask, void> {
    const { enterprise, user, filter = "", limit = 0 } = query;
    const ofUser = user === undefined ? "" : `/users/${segment(user)}`;
    const list = {
      path: `/admin/enterprises/${segment(enterprise)}${ofUser}/action/pendingtasks`,
      name: "tasks",
      has: filter,
      size: limit > 0 ? Math.min(limit, PAGE) : PAGE,
      idOf: (dto: unknown) => (isObject(dto) ? textOf(dto["taskId"]) : ""),
    } as const;
    let count = 0;
    for await (const dto of this.#elements(list, signal)) {
      let task: AbiquoTask;
      try {
        task = taskFromDto(dto, this.base);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        onProblem(error);
        continue;
      }
      yield task;
      if (++count === limit) return;
    }
  }

  /**
   * Enterprises that the user may see.
   *
   * @param query `workflow` = only those with workflow on (true) or off (false)
   */
  async *enterprises(query: { workflow?: boolean } = {}, signal?: AbortSignal): AsyncGenerator<AbiquoEnterprise, void> {
    const idOf = (dto: unknown): string => (isObject(dto) ? textOf(dto["id"]) : "");
    const list = { path: "/admin/enterprises", name: "enterprises", has: "", size: PAGE, idOf } as const;
    for await (const dto of this.#elements(list, signal)) {
      const enterprise = enterpriseOf(isObject(dto) ? dto : {});
      if (enterprise.id === "") continue;
      if (query.workflow === undefined || enterprise.workflow === query.workflow) yield enterprise;
    }
  }

  /** Names of the roles that the user may see. */
  async *roleNames(signal?: AbortSignal): AsyncGenerator<string, void> {
    const idOf = (dto: unknown): string => (isObject(dto) ? textOf(dto["id"]) : "");
    for await (const dto of this.#elements({ path: "/admin/roles", name: "roles", has: "", size: PAGE, idOf }, signal)) {
      const name = isObject(dto) ? textOf(dto["name"]) : "";
      if (name !== "") yield name;
    }
  }

  async enterprise(id: string, signal?: AbortSignal): Promise<AbiquoEnterprise> {
    return enterpriseOf(await this.#read(this.#enterpriseUrl(id), "enterprise", signal));
  }

  /**
   * Turns the workflow of one enterprise on or off. The PUT carries the whole entity, so all its other fields
   * go back as they came, also those of later versions.
   */
  async setEnterpriseWorkflow(id: string, enabled: boolean, signal?: AbortSignal): Promise<AbiquoEnterprise> {
    const url = this.#enterpriseUrl(id);
    const put = async (): Promise<AbiquoEnterprise> => {
      const whole = await this.#read(url, "enterprise", signal);
      if (whole["workflow"] === enabled) return enterpriseOf(whole);
      return enterpriseOf(jsonOf(await this.#write("PUT", url, "enterprise", { ...whole, workflow: enabled }, signal)));
    };
    try {
      return await put();
    } catch (error) {
      if (!(error instanceof AbiquoFault) || error.status !== 409) throw error;
      // 409-CONFLICT-StaleObject: somebody changed the enterprise in between.
      return put();
    }
  }

  /** Endpoint and switch of the whole platform. */
  async platformWorkflow(signal?: AbortSignal): Promise<PlatformWorkflow> {
    const endpoint = await this.#property(ENDPOINT, signal);
    const enabled = await this.#property(ENABLED, signal);
    return { endpoint: textOf(endpoint?.["value"]), enabled: textOf(enabled?.["value"]) === "1" };
  }

  /**
   * Sets the endpoint first and the switch then, since tasks fail while the switch is on without an endpoint;
   * turning it off leaves the endpoint alone. Each property is changed by itself: a PUT of the collection would
   * delete all others.
   *
   * @returns what holds afterwards
   */
  async setPlatformWorkflow(change: { endpoint?: string; enabled?: boolean }, signal?: AbortSignal): Promise<PlatformWorkflow> {
    const { endpoint, enabled } = change;
    if (endpoint !== undefined && enabled !== false) await this.#setProperty(ENDPOINT, endpoint, signal);
    if (enabled !== undefined) await this.#setProperty(ENABLED, enabled ? "1" : "0", signal);
    return this.platformWorkflow(signal);
  }

  /** Cuts short what is under way. */
  close(): Promise<void> {
    return this.#session.close();
  }

  /**
   * The elements of a list, each once. Lists of waiting tasks have no paging links, so they are paged by
   * arithmetic on `startwith`, `limit` and `totalSize`; ordinary lists can be as well.
   */
  async *#elements(list: List, signal: AbortSignal | undefined): AsyncGenerator<unknown, void> {
    const { path, name, has, size, idOf } = list;
    const filter = has === "" ? "" : `&${encoded({ has })}`;
    const seen = new Set<string>();
    let total = 0;
    let rewinds = 0;
    let furthest = 0;
    let stale = 0;
    for (let start = 0; ; ) {
      const page = await this.#read(`${this.base}${path}?startwith=${start}&limit=${size}${filter}`, name, signal);
      const elements = collectionOf(page);
      let isNew = false;
      for (const element of elements) {
        const id = idOf(element);
        if (id !== "" && seen.has(id)) continue;
        seen.add(id);
        isNew = true;
        yield element;
      }
      if (isNew) stale = 0;
      else if (start >= furthest && ++stale > STALE_PAGES) return;
      furthest = Math.max(furthest, start + elements.length);
      const known = typeof page["totalSize"] === "number" ? page["totalSize"] : undefined;
      // What left the list since the last page moved the rest up, past where this page began.
      const left = known === undefined ? 0 : total - known;
      total = known ?? 0;
      if (left > 0 && start > 0 && rewinds < REWINDS) {
        rewinds++;
        start = Math.max(0, start - left);
        continue;
      }
      start += elements.length;
      const isMore = known === undefined ? isNew && elements.length >= size : start < known;
      if (elements.length === 0 || !isMore) return;
    }
  }

  async #property(name: string, signal?: AbortSignal): Promise<JsonObject | undefined> {
    const url = `${this.base}/config/properties?name=${name}`;
    const found = collectionOf(await this.#read(url, "systemproperties", signal));
    return found.find((property): property is JsonObject => isObject(property) && property["name"] === name);
  }

  async #setProperty(name: string, value: string, signal?: AbortSignal): Promise<void> {
    const url = `${this.base}/config/properties`;
    const property = await this.#property(name, signal);
    const secrets = secretsInUrl(value);
    if (property === undefined) await this.#write("POST", url, "systemproperty", { name, value }, signal, secrets);
    else if (property["value"] !== value) {
      // The whole object: the server takes over the description as well, null if there is none.
      const id = segment(textOf(property["id"]));
      await this.#write("PUT", `${url}/${id}`, "systemproperty", { ...property, value }, signal, secrets);
    }
  }

  #enterpriseUrl(id: string): string {
    return `${this.base}/admin/enterprises/${segment(id)}`;
  }

  async #askVersion(): Promise<string> {
    const url = `${this.base}/version`;
    const answer = await this.#session.sendSafely({ method: "GET", url, accept: "text/plain", isPublic: true });
    const version = majorMinor(answer.body);
    if (version === undefined) throw unexpected(answer);
    this.#asked = version;
    return version;
  }

  async #answer(url: string, text: string, signal: AbortSignal | undefined): Promise<void> {
    const call = { method: "POST", url, accept: ANYTHING } as const;
    // The server keeps a text only when it comes as text/plain; a body of any other type is dropped.
    const answer = await this.#session.send(text === "" ? call : { ...call, contentType: "text/plain", body: text }, signal);
    // Abiquo says 204, without a word. What somebody else says in its place must not count as delivered.
    if (answer.body !== "" && !/^application\/vnd\.abiquo\./i.test(answer.type)) throw unexpected(answer);
  }

  async #read(url: string, name: string, signal: AbortSignal | undefined): Promise<JsonObject> {
    return jsonOf(await this.#get({ url }, name, signal));
  }

  /** Once more when Abiquo refuses the version that it told: it may have been upgraded since. */
  async #get(call: Pick<Call, "url" | "isGiven" | "ifNoneMatch">, name: string, signal?: AbortSignal): Promise<Answer> {
    const send = (version: string): Promise<Answer> =>
      this.#session.sendSafely({ ...call, method: "GET", accept: mediaType(name, version), version }, signal);
    const version = await this.version(signal);
    try {
      return await send(version);
    } catch (error) {
      if (!this.#isOutdated(error, version)) throw error;
      const newer = await this.version(signal);
      if (newer === version) throw error;
      return send(newer);
    }
  }

  /** Whether this version was refused that the server has told; it is asked again then. */
  #isOutdated(error: unknown, version: string): boolean {
    if (!(error instanceof AbiquoFault) || error.code !== "ABIQUO_VERSION_REFUSED" || this.#apiVersion !== "") return false;
    if (this.#asked === version) this.#asked = "";
    return true;
  }

  async #write(
    method: "POST" | "PUT",
    url: string,
    name: string,
    dto: object,
    signal: AbortSignal | undefined,
    secrets: readonly string[] = [],
  ): Promise<Answer> {
    const version = await this.version(signal);
    const type = mediaType(name, version);
    try {
      return await this.#session.send(
        { method, url, accept: type, contentType: type, body: JSON.stringify(dto), version, secrets },
        signal,
      );
    } catch (error) {
      this.#isOutdated(error, version);
      throw error;
    }
  }
}

interface List {
  /** below the base */
  readonly path: string;
  /** of its media type */
  readonly name: string;
  /** text filter; empty = none */
  readonly has: string;
  /** of a page */
  readonly size: number;
  /** empty when the element has none */
  readonly idOf: (element: unknown) => string;
}

function enterpriseIdIn(link: { readonly href: string } | undefined): string {
  return /\/enterprises\/([^/?]+)/.exec(link?.href ?? "")?.[1] ?? "";
}

function userOf(dto: JsonObject): AbiquoUser {
  const enterprise = linkOf(dto, "enterprise");
  return {
    id: textOf(dto["id"]),
    nick: textOf(dto["nick"]),
    name: [textOf(dto["name"]), textOf(dto["surname"])].filter(Boolean).join(" "),
    email: textOf(dto["email"]),
    enterpriseId: enterpriseIdIn(enterprise),
    enterpriseName: enterprise?.title ?? "",
    roleName: linkOf(dto, "role")?.title ?? "",
    isActive: dto["active"] !== false,
  };
}

function collectionOf(dto: JsonObject): unknown[] {
  const collection: unknown = dto["collection"];
  if (!Array.isArray(collection)) throw unexpected({ status: 200 });
  return collection;
}

function enterpriseOf(dto: Record<string, unknown>): AbiquoEnterprise {
  return { id: textOf(dto["id"]), name: textOf(dto["name"]), workflow: dto["workflow"] === true };
}

function jsonOf(answer: Answer): JsonObject {
  const value = parseJson(answer.body);
  if (isObject(value)) return value as JsonObject;
  // Some proxy's page.
  throw unexpected(answer);
}

function unexpected({ status }: { readonly status: number }): AbiquoFault {
  return foreignFault(status, undefined);
}

/** An id as one segment of a path. @throws Fault ABIQUO_BAD_LINK when it is none */
function segment(id: string): string {
  if (!/^[A-Za-z0-9_-]+$/.test(id)) throw badLink(id);
  return id;
}

/** What may be a secret in the address of a webhook: user, password, query, and the last part of its path. */
function secretsInUrl(text: string): string[] {
  const url = URL.parse(text);
  if (url === null) return [];
  const last = url.pathname.split("/").at(-1) ?? "";
  const written = [url.username, url.password, last, ...url.searchParams.values()];
  return written.flatMap((part) => [part, decoded(part)]).filter((part) => part !== "");
}

/** As RFC 3986 and OAuth encode: a blank is %20, where URLSearchParams writes a plus. */
function encoded(parameters: Record<string, string>): string {
  return new URLSearchParams(parameters).toString().replaceAll("+", "%20").replaceAll("*", "%2A");
}

/** Leaves a question that others wait for as well. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(closedFault(false));
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
    const done = (): void => signal.removeEventListener("abort", leave);
    promise.then(resolve, reject).finally(done);
  });
}
