import { appendFileSync, closeSync, openSync, readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import type { Reply } from "./api/route.ts";

/** One request and what it was answered with, as `--record` keeps it. */
export interface Exchange {
  readonly method: string;
  /** with the base path and the query */
  readonly path: string;
  /** without credentials */
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly requestBody: string;
  readonly status: number;
  readonly responseHeaders: Readonly<Record<string, string>>;
  readonly responseBody: string;
}

const SECRET_HEADERS = new Set(["authorization", "cookie", "x-abiquo-token"]);

/** Appends exchanges to a file, a JSON line each. */
export class Recorder {
  readonly #file: number;

  /** @throws Error when the file cannot be written */
  constructor(path: string) {
    this.#file = openSync(path, "a");
  }

  write(request: IncomingMessage, requestBody: string, { status, headers = {}, body = "" }: Reply): void {
    const exchange: Exchange = {
      method: request.method ?? "",
      path: request.url ?? "",
      requestHeaders: withoutSecrets(request.headers),
      requestBody,
      status,
      responseHeaders: withoutSecrets(headers),
      responseBody: body,
    };
    appendFileSync(this.#file, `${JSON.stringify(exchange)}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}

function withoutSecrets(headers: Readonly<Record<string, string | readonly string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || SECRET_HEADERS.has(name.toLowerCase()) ? [] : [[name, String(value)]],
    ),
  );
}

/**
 * The exchanges that a simulated Abiquo has recorded, for a test to answer or to ask again.
 *
 * @throws Error when the file cannot be read or a line is no JSON
 */
export function readExchanges(path: string): Exchange[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Exchange]));
}
