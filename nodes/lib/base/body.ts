import type { IncomingMessage } from "node:http";
import { type Clock, systemClock } from "./clock.ts";
import { Fault } from "./fault.ts";

const MEGABYTE = 1024 * 1024;
/** How long a body may take to arrive, in ms; Abiquo itself gives up after ten seconds. */
const DEADLINE = 30_000;
/** Memory for all bodies that are arriving, in bytes. */
const ROOM = 256 * MEGABYTE;
/** What each body may have of it however many arrive. */
const ALWAYS = 64 * 1024;

/** Reads bodies of requests, as many at once as there is room for. */
export class BodyReader {
  readonly #room: number;
  readonly #clock: Clock;
  /** how much of bodies is here that have not arrived whole, in bytes */
  #arriving = 0;

  /** @param room for all bodies that are arriving, in bytes */
  constructor(room: number, clock = systemClock) {
    this.#room = room;
    this.#clock = clock;
  }

  /**
   * The body of a request, whole.
   *
   * @param limit in bytes
   * @param deadline in ms
   * @throws Fault BODY_TOO_LARGE (413); BODY_TOO_SLOW (408); BODIES_TOO_MANY (503) when others take all the room;
   *   ABIQUO_BAD_BODY (400) when it is cut short
   */
  async read(request: IncomingMessage, limit: number, deadline = DEADLINE): Promise<Buffer> {
    const tooLarge = (): Fault => new Fault("BODY_TOO_LARGE", { limit: limit / MEGABYTE });
    // What is still to come is read and dropped: a connection cut short would hide the answer.
    const drop = (): void => void request.resume();
    if (Number(request.headers["content-length"] ?? 0) > limit) {
      drop();
      throw tooLarge();
    }
    const parts: Buffer[] = [];
    let size = 0;
    let inTime: (() => void) | undefined;
    const ended = new AbortController();
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        const { signal } = ended;
        const on = (event: string, listener: (part: Buffer) => void): void => {
          request.on(event, listener);
          signal.addEventListener("abort", () => request.off(event, listener));
        };
        on("data", (part) => {
          size += part.length;
          this.#arriving += part.length;
          if (size > limit) reject(tooLarge());
          else if (size > ALWAYS && this.#arriving > Math.max(this.#room, 2 * limit)) reject(new Fault("BODIES_TOO_MANY"));
          else parts.push(part);
        });
        on("end", () => resolve(Buffer.concat(parts)));
        on("error", () => reject(new Fault("ABIQUO_BAD_BODY", { reason: "CUT_SHORT" })));
        on("aborted", () => reject(new Fault("ABIQUO_BAD_BODY", { reason: "CUT_SHORT" })));
        const late = (): void => reject(new Fault("BODY_TOO_SLOW", { seconds: deadline / 1_000 }));
        inTime = this.#clock.after(deadline, late, true);
      });
    } finally {
      inTime?.();
      this.#arriving -= size;
      ended.abort();
      // Somebody must hear of an error to come, or it ends the process.
      request.on("error", () => undefined);
      drop();
    }
  }
}

const reader = new BodyReader(ROOM);

/** As `read` of the reader that all webhooks and forms share. */
export const readBody: BodyReader["read"] = (...request) => reader.read(...request);

/** For the answer to a request whose body nobody waits for: else its sender could keep the connection open. */
export function closing(request: IncomingMessage): Record<string, string> {
  return request.complete ? {} : { Connection: "close" };
}
