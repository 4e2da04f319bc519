import { isObject, type JsonObject, parseJson } from "../base/json.ts";
import { unlessAborted } from "../base/unless-aborted.ts";
import type { ApiBase } from "./base.ts";
import { AbiquoFault } from "./faults.ts";
import { badLink } from "./links.ts";
import { majorMinor, mediaType } from "./media-types.ts";
import { type Answer, type Call, Session, type SessionSettings } from "./session.ts";
import { closedFault, foreignFault } from "./transport.ts";

export interface ApiSettings extends SessionSettings {
  /** major.minor; empty = asked from the server once */
  readonly apiVersion: string;
}

/** Any resource, as it was read. */
export interface Resource {
  readonly content: JsonObject;
  /** entity tag; empty when the server sent none */
  readonly etag: string;
}

/** What the API's clients ask for where no object is expected. */
const ANYTHING = "application/json, text/plain";

/** Reads and writes entities in the version that the server speaks. Every call may throw what `AbiquoClient` says. */
export class Api {
  readonly base: ApiBase;
  readonly session: Session;
  readonly #apiVersion: string;
  #version: Promise<string> | undefined;
  /** what the server said of its version; empty before */
  #asked = "";

  constructor(settings: ApiSettings) {
    this.base = settings.base;
    this.session = new Session(settings);
    this.#apiVersion = settings.apiVersion;
  }

  /** As `AbiquoClient.version`. */
  async version(signal?: AbortSignal): Promise<string> {
    if (this.#apiVersion !== "") return this.#apiVersion;
    if (this.#asked !== "") return this.#asked;
    this.#version ??= this.#askVersion().finally(() => {
      this.#version = undefined;
    });
    return unlessAborted(this.#version, signal, () => closedFault(false));
  }

  /** @param name of its media type, as `virtualmachine` in `application/vnd.abiquo.virtualmachine+json` */
  async read(url: string, name: string, signal?: AbortSignal): Promise<JsonObject> {
    return jsonOf(await this.#get({ url }, name, signal));
  }

  /** As `AbiquoClient.read`. */
  async readResource(link: string, name: string, known?: Resource): Promise<Resource> {
    const condition = known === undefined || known.etag === "" ? {} : { ifNoneMatch: known.etag };
    const answer = await this.#get({ url: link, isGiven: true, ...condition }, name);
    return answer.status === 304 && known !== undefined ? known : { content: jsonOf(answer), etag: answer.etag };
  }

  /** @param secrets texts in the entity that no fault may show */
  async write(
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
      return await this.session.send({ method, url, accept: type, contentType: type, body: JSON.stringify(dto), version, secrets }, signal);
    } catch (error) {
      this.#isOutdated(error, version);
      throw error;
    }
  }

  /** Answers a task, with a text for Abiquo to keep; empty = none. */
  async answer(url: string, text: string, signal: AbortSignal | undefined): Promise<void> {
    const call = { method: "POST", url, accept: ANYTHING } as const;
    // The server keeps a text only when it comes as text/plain; a body of any other type is dropped.
    const answer = await this.session.send(text === "" ? call : { ...call, contentType: "text/plain", body: text }, signal);
    // Abiquo says 204, without a word. What somebody else says in its place must not count as delivered.
    if (answer.body !== "" && !/^application\/vnd\.abiquo\./i.test(answer.type)) throw unexpected(answer);
  }

  async #askVersion(): Promise<string> {
    const url = `${this.base}/version`;
    const answer = await this.session.sendSafely({ method: "GET", url, accept: "text/plain", isPublic: true });
    const version = majorMinor(answer.body);
    if (version === undefined) throw unexpected(answer);
    this.#asked = version;
    return version;
  }

  /** Once more when Abiquo refuses the version that it told: it may have been upgraded since. */
  async #get(call: Pick<Call, "url" | "isGiven" | "ifNoneMatch">, name: string, signal?: AbortSignal): Promise<Answer> {
    const send = (version: string): Promise<Answer> =>
      this.session.sendSafely({ ...call, method: "GET", accept: mediaType(name, version), version }, signal);
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
}

export function jsonOf(answer: Answer): JsonObject {
  const value = parseJson(answer.body);
  if (isObject(value)) return value as JsonObject;
  // Some proxy's page.
  throw unexpected(answer);
}

export function unexpected({ status }: { readonly status: number }): AbiquoFault {
  return foreignFault(status, undefined);
}

/** An id as one segment of a path. @throws Fault ABIQUO_BAD_LINK when it is none */
export function segment(id: string): string {
  if (!/^[A-Za-z0-9_-]+$/.test(id)) throw badLink(id);
  return id;
}
