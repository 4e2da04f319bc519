import type { IncomingMessage } from "node:http";
import type { SimulatedAbiquo } from "../abiquo.ts";
import type { Privilege } from "../world/privileges.ts";
import type { User, World } from "../world/world.ts";
import { fromXml, toXml } from "../xml.ts";
import { ApiError, errorReply } from "./errors.ts";
import { compareVersions, consumed, negotiate, type Representation, versionIn } from "./media.ts";
import { asOf } from "./versions.ts";

export interface Reply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** What a route answers with: a DTO, plain text, or nothing. */
export interface Result {
  readonly status?: number;
  readonly dto?: object;
  readonly text?: string;
}

/** A request on its way to its route. */
export interface Call {
  readonly abiquo: SimulatedAbiquo;
  readonly world: World;
  readonly user: User;
  readonly privileges: ReadonlySet<Privilege>;
  readonly query: URLSearchParams;
  /** the path below the API's base, without its query */
  readonly path: string;
  readonly contentType: string;
  /** the body as it came */
  readonly body: string;
  /** the body of a route that takes one; empty for others */
  readonly value: Readonly<Record<string, unknown>>;
  /** name of the media type to answer with */
  readonly wanted: string;
  /** what the path has in these braces */
  readonly id: (name: string) => string;
}

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** as `/admin/enterprises/{enterprise}/users` */
  readonly path: string;
  /** one of these is needed; AUTHENTICATED for everybody who signs in */
  readonly privileges: readonly Privilege[];
  /** names of media types, the first for who accepts anything; none = no body */
  readonly produces?: readonly string[];
  /** names of media types that a body may have; a body is needed then */
  readonly consumes?: readonly string[];
  readonly handle: (call: Call) => Result;
}

interface Compiled extends Route {
  readonly pattern: RegExp;
  readonly names: readonly string[];
}

/** The routes of the API, each with what it asks for and what it gives. */
export class Router {
  readonly #routes: Compiled[];

  constructor(routes: readonly Route[]) {
    this.#routes = routes.map((route) => {
      const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
      return { ...route, names, pattern: new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, "([^/]+)")}$`) };
    });
  }

  /** @param path below the API's base, without its query */
  answer(abiquo: SimulatedAbiquo, request: IncomingMessage, user: User, path: string, query: URLSearchParams, body: string): Reply {
    try {
      return this.#answer(abiquo, request, user, path, query, body);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { code, missing } = error;
      abiquo.noteRefusal(request, { problem: missing.length === 0 ? code : `${code}: ${missing.join(" or ")}` });
      return errorReply(error, /\+xml|\/xml/.test(request.headers.accept ?? ""));
    }
  }

  #answer(abiquo: SimulatedAbiquo, request: IncomingMessage, user: User, path: string, query: URLSearchParams, body: string): Reply {
    const there = this.#routes.flatMap((route) => {
      const match = route.pattern.exec(path);
      return match === null ? [] : [{ route, match }];
    });
    if (there.length === 0) throw new ApiError("404-NOT-FOUND");
    const methods = there.filter(({ route }) => route.method === request.method);
    if (methods.length === 0) throw new ApiError("405-METHOD-NOT-ALLOWED");

    const privileges = new Set(abiquo.signIn.privilegesOf(request, user));
    const allowed = methods.filter(({ route }) => route.privileges.some((privilege) => privileges.has(privilege)));
    const [first] = methods;
    if (allowed.length === 0) throw new ApiError("403-FORBIDDEN", first?.route.privileges);

    const { accept } = request.headers;
    const contentType = request.headers["content-type"] ?? "";
    const own = abiquo.version.split(".").slice(0, 2).join(".");
    const asked = versionIn(accept);
    if (asked !== undefined && compareVersions(asked, own) > 0) throw new ApiError("406-NOT-ACCEPTABLE");
    const sent = versionIn(contentType);
    if (sent !== undefined && compareVersions(sent, own) > 0) throw new ApiError("415-UNSUPPORTED-MEDIA-TYPE-VERSION");

    const taking = allowed.filter(({ route }) => route.consumes === undefined || consumed(contentType, route.consumes) !== undefined);
    if (taking.length === 0) throw new ApiError("415-UNSUPPORTED-MEDIA-TYPE");
    for (const { route, match } of taking) {
      const representation = negotiate(accept, route.produces ?? []);
      if (representation === undefined) continue;
      const ids = new Map(route.names.map((name, index) => [name, match[index + 1] ?? ""]));
      const result = route.handle({
        abiquo,
        world: abiquo.world,
        user,
        privileges,
        query,
        path,
        contentType,
        body,
        value: route.consumes === undefined ? {} : bodyOf(body, consumed(contentType, route.consumes)),
        wanted: representation.name,
        id: (name) => ids.get(name) ?? "",
      });
      return replyWith(result, representation, own);
    }
    throw new ApiError("406-NOT-ACCEPTABLE");
  }
}

function bodyOf(body: string, format: "json" | "xml" | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = format === "xml" ? fromXml(body) : JSON.parse(body);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Falls through: what cannot be read is as bad as what is no object.
  }
  throw new ApiError("GEN-2");
}

function replyWith({ status = 200, dto: newest, text }: Result, { name, format, version }: Representation, own: string): Reply {
  if (text !== undefined) return { status, headers: { "Content-Type": "text/plain" }, body: text };
  if (newest === undefined) return { status: status === 200 ? 204 : status };
  const dto = asOf(version ?? own, name, newest);
  const type = `application/vnd.abiquo.${name}+${format}; version=${version ?? own}`;
  const body = format === "xml" ? toXml(name, dto) : JSON.stringify(dto);
  return { status, headers: { "Content-Type": type }, body };
}
