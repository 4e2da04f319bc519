import type { Dispatcher } from "undici";
import { equalJitter, exponential } from "../base/backoff.ts";
import { sleep, systemClock } from "../base/clock.ts";
import { type Authorizer, authorizer, type Credentials, refusalOf, secretsOf } from "./auth.ts";
import { AbiquoFault } from "./faults.ts";
import { badLink } from "./links.ts";
import { mediaType } from "./media-types.ts";
import { sendable } from "./oauth.ts";
import { OddRequests } from "./odd-requests.ts";
import { Outage } from "./outage.ts";
import { type Redact, redactor } from "./redact.ts";
import {
  closedFault,
  createDispatcher,
  faultOfAnswer,
  faultOfNetwork,
  foreignFault,
  isPage,
  secretsOfNetwork,
  type TransportSettings,
} from "./transport.ts";

export interface SessionSettings extends TransportSettings {
  readonly credentials: Credentials;
}

export interface Call {
  readonly method: "GET" | "POST" | "PUT";
  /** absolute, below the base */
  readonly url: string;
  readonly accept: string;
  /** of the body; absent when there is none */
  readonly contentType?: string;
  readonly body?: string;
  /** major.minor that `accept` or `contentType` names; empty when they name none */
  readonly version?: string;
  /** entity tag of what is known already: the server may answer that it still holds (RFC 9110 section 13.1.2) */
  readonly ifNoneMatch?: string;
  /** the API answers this to anybody, so that an answer says nothing of the credentials */
  readonly isPublic?: boolean;
  /** what the request holds beside the credentials that nobody else may see */
  readonly secrets?: readonly string[];
  /** somebody has given the path, in a message or in a link: a 401 to it alone does not halt */
  readonly isGiven?: boolean;
}

export interface Answer {
  /** 2xx, or 304 to `ifNoneMatch` */
  readonly status: number;
  readonly body: string;
  /** empty when the server sent none */
  readonly type: string;
  /** empty when the server sent none */
  readonly etag: string;
}

const TRIES = 3;
/** Who asks for a longer wait is not asked again. */
const RETRY_WAITS = { first: 200, longest: 5_000 };
/** These answers to a GET may be better a moment later. */
const PASSING = new Set([408, 429, 502, 503, 504]);
/** What no path of ours has, and servers may read as another path (RFC 3986 sections 3.3 and 5.2.4). */
const DEVIOUS = /\/\.{1,2}(?:\/|$)|%(?:2e|2f|5c)|[\\#\s]/i;

/** As the links that Abiquo itself gives. */
const PLAIN = /^[\w ./:~[\]-]+$/;

/**
 * Sends requests to one Abiquo, and to no other host, in the name of one user. A 401 halts it: Abiquo locks a
 * user out after three bad logins within a minute (`abiquo.api.login.maxtries`, `abiquo.api.login.failurelapse`).
 * For the same reason, until one request was accepted no two are under way at once.
 */
export class Session {
  /** Told once at each halt. */
  onHalt: ((fault: AbiquoFault) => void) | undefined;
  /** Told once at each outage, when nobody has answered well for a while. */
  onOutage: ((fault: AbiquoFault) => void) | undefined;
  /** Told once when it works again after one of these was told. */
  onWorks: (() => void) | undefined;
  readonly #outage = new Outage();
  readonly #dispatcher: Dispatcher;
  readonly #authorize: Authorizer;
  readonly #credentials: Credentials;
  readonly #origin: string;
  readonly #start: string;
  readonly #timeoutMs: number;
  readonly #closing = new AbortController();
  #halted: AbiquoFault | undefined;
  #isProven = false;
  #clockOffset: number | undefined;
  /** whether these credentials were ever accepted */
  #wereAccepted = false;
  /** whether somebody was told that it does not work, and not yet that it does */
  #isTroubleTold = false;
  readonly #redact: Redact;
  readonly #odd = new OddRequests();
  /** asks who has signed in; shared by those that need to know at the same time */
  #proof: Promise<unknown> | undefined;
  /** The request that finds out whether the credentials work; never rejects, but tells why nobody answered. */
  #probe: Promise<AbiquoFault | undefined> | undefined;

  /** @throws Fault CONFIG_INVALID when the proxy's address is not usable */
  constructor(settings: SessionSettings) {
    this.#dispatcher = createDispatcher(settings);
    this.#authorize = authorizer(settings.credentials);
    this.#credentials = settings.credentials;
    const { secrets, names } = secretsOf(settings.credentials);
    this.#redact = redactor([...secrets, ...secretsOfNetwork(settings)], names);
    this.#origin = new URL(settings.base).origin;
    this.#start = `${settings.base}/`;
    this.#timeoutMs = settings.timeoutMs;
  }

  get halted(): AbiquoFault | undefined {
    return this.#halted;
  }

  get isDown(): boolean {
    return this.#outage.isOn;
  }

  /** As `AbiquoClient.clockOffset`. */
  get clockOffset(): number | undefined {
    return this.#clockOffset;
  }

  /** The credentials have proved to work. */
  resume(): void {
    if (this.#halted === undefined) return;
    this.#halted = undefined;
    this.#works();
  }

  /** One before it did not work, and that was told: `onWorks` is told of the first good answer. */
  followsTrouble(): void {
    this.#isTroubleTold = true;
  }

  /** Sends once. @throws AbiquoFault; Fault ABIQUO_BAD_LINK for a URL that is not below the base */
  async send(call: Call, signal?: AbortSignal): Promise<Answer> {
    const path = pathOf(call.url);
    if (!path.startsWith(this.#start) || DEVIOUS.test(path)) throw badLink(path);
    return call.isGiven === true ? this.#sendGiven(call, signal) : this.#sendInTurn(call, signal);
  }

  /**
   * A 401 to a path that somebody has given may be due to that path: only when the credentials are refused elsewhere as
   * well, everything halts. On a path that is not plain they are tried only once they are known to work.
   */
  async #sendGiven(call: Call, signal: AbortSignal | undefined): Promise<Answer> {
    const request = `${call.method} ${call.url}`;
    const isPlain = PLAIN.test(request);
    const refused = (): AbiquoFault =>
      new AbiquoFault("ABIQUO_REQUEST_UNAUTHORIZED", { url: pathOf(call.url).slice(this.#origin.length) }, { status: 401 });
    if (this.#odd.forbids(request, isPlain, systemClock.monotonic())) throw refused();
    if (!this.#isProven && isPlain) return this.#sendInTurn({ ...call, isGiven: false }, signal);
    if (!this.#isProven) await this.#prove();
    try {
      return await this.#exchange(call, signal);
    } catch (error) {
      if (!(error instanceof AbiquoFault && error.status === 401) || error === this.#halted) throw error;
      // First, so that it is not sent again when nobody says whether the credentials are good.
      this.#odd.note(request, systemClock.monotonic());
      await this.#prove();
      throw refused();
    }
  }

  /** @throws AbiquoFault when the credentials are refused, or nobody says whether they are */
  async #prove(): Promise<void> {
    const login = { method: "GET", url: `${this.#start}login`, accept: mediaType("user", "") } as const;
    this.#proof ??= this.#sendInTurn(login, undefined).finally(() => {
      this.#proof = undefined;
    });
    await this.#proof;
  }

  async #sendInTurn(call: Call, signal: AbortSignal | undefined): Promise<Answer> {
    const hasToWait = (): boolean => !this.#isProven && this.#halted === undefined && !isAborted(signal);
    while (this.#probe !== undefined && hasToWait()) {
      const nobody = await this.#probe;
      if (nobody !== undefined && hasToWait()) throw nobody;
    }
    if (!hasToWait()) return this.#exchange(call, signal);
    const exchange = this.#exchange(call, signal);
    this.#probe = exchange
      .then(() => undefined, toldToOthers)
      .then((nobody) => {
        this.#probe = undefined;
        return nobody;
      });
    return exchange;
  }

  /** Sends what may be repeated without harm, and tries a little longer where that may help. @throws as `send` */
  async sendSafely(call: Call, signal?: AbortSignal): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.send(call, signal);
      } catch (error) {
        const wait = attempt < TRIES ? retryWait(error, attempt) : undefined;
        if (wait === undefined) throw error;
        const signals = signal === undefined ? [this.#closing.signal] : [this.#closing.signal, signal];
        await sleep(systemClock, wait, { signal: AbortSignal.any(signals), isAwaited: true }).catch(() => {
          throw closedFault(false);
        });
      }
    }
  }

  /** Cuts short what is under way; nothing is sent any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#dispatcher.destroy();
  }

  async #exchange(call: Call, signal: AbortSignal | undefined): Promise<Answer> {
    if (this.#halted !== undefined) throw this.#halted;
    if (this.#closing.signal.aborted || isAborted(signal)) throw closedFault(false);
    const path = sendable(call.url.slice(this.#origin.length));
    const headers: Record<string, string> = {
      Authorization: this.#authorize(call.method, this.#origin + path),
      Accept: call.accept,
    };
    if (call.contentType !== undefined) headers["Content-Type"] = call.contentType;
    if (call.ifNoneMatch !== undefined) headers["If-None-Match"] = call.ifNoneMatch;

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
      if (this.#closing.signal.aborted || isAborted(signal)) throw closedFault(true);
      throw this.#noted(faultOfNetwork(error, this.#origin, this.#timeoutMs));
    }
    const { statusCode: status, headers: answerHeaders } = answer;
    this.#noteTime(answerHeaders["date"]);
    const isUnchanged = status === 304 && call.ifNoneMatch !== undefined;
    if (!isUnchanged && (status < 200 || status >= 300)) {
      const refusal = refusalOf(this.#credentials, this.#wereAccepted);
      const signed = this.#credentials.kind === "oauth1";
      const request = { origin: this.#origin, path: pathOf(path), signed, refusal, version: call.version ?? "" };
      const own = redactor([], call.secrets);
      const redact = (text: string): string => own(this.#redact(text));
      throw this.#refused(this.#noted(faultOfAnswer({ status, headers: answerHeaders, body, redact, ...request })), call);
    }
    // The sign-in or maintenance page of something in front of Abiquo.
    if (isPage(answerHeaders, body)) throw this.#noted(foreignFault(status, undefined));
    this.#outage.answered();
    if (call.isPublic !== true) this.#accepted();
    return { status, body, type: String(answerHeaders["content-type"] ?? ""), etag: String(answerHeaders["etag"] ?? "") };
  }

  /** Whoever answers says what time it is (RFC 9110 section 6.6.1); a second more or less. */
  #noteTime(date: string | string[] | undefined): void {
    const theirs = Date.parse(String(date ?? ""));
    if (!Number.isNaN(theirs)) this.#clockOffset = theirs - systemClock.now();
  }

  /** A refusal is an answer too; only what passes by itself may be an outage. */
  #noted(fault: AbiquoFault): AbiquoFault {
    if (!fault.retriable) this.#outage.answered();
    else if (this.#outage.failed(systemClock.monotonic())) {
      this.#isTroubleTold = true;
      this.onOutage?.(fault);
    }
    return fault;
  }

  #refused(fault: AbiquoFault, call: Call): AbiquoFault {
    if (fault.status === 401 && call.isGiven === true) return fault;
    if (fault.status === 401) {
      this.#isProven = false;
      if (this.#halted === undefined) {
        this.#halted = fault;
        this.#isTroubleTold = true;
        this.onHalt?.(fault);
      }
    } else if (fault.apiErrors.length > 0 && !fault.retriable && call.isPublic !== true) {
      this.#accepted();
    }
    return fault;
  }

  #accepted(): void {
    this.#isProven = true;
    this.#wereAccepted = true;
    this.#works();
  }

  #works(): void {
    if (!this.#isTroubleTold || this.#halted !== undefined) return;
    this.#isTroubleTold = false;
    this.onWorks?.();
  }
}

function pathOf(url: string): string {
  const query = url.indexOf("?");
  return query < 0 ? url : url.slice(0, query);
}

/** Asked anew each time: what the compiler believes to know of `aborted` is not so after a wait. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** When nobody answered the first request, those that waited for it would not fare better one after the other. */
function toldToOthers(error: unknown): AbiquoFault | undefined {
  if (!isPassing(error)) return undefined;
  const { code, params, status, retryAfterMs } = error;
  return new AbiquoFault(code, params, { status, retryAfterMs, retriable: true, cause: error.cause });
}

/** In how many ms to try again; undefined when that would not help. */
function retryWait(error: unknown, attempt: number): number | undefined {
  if (!isPassing(error)) return undefined;
  const wait = error.retryAfterMs ?? equalJitter(exponential(RETRY_WAITS, attempt));
  return wait <= RETRY_WAITS.longest ? wait : undefined;
}

/** Nobody answered, or somebody who says to come back: not a fault of this one resource. */
function isPassing(error: unknown): error is AbiquoFault {
  return error instanceof AbiquoFault && error.retriable && (error.status === undefined || PASSING.has(error.status));
}
