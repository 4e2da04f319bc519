import { type DecisionLink, identity } from "../../approval/index.ts";
import { BoundedMap } from "../../base/bounded-map.ts";
import type { Clock } from "../../base/clock.ts";
import { expiredPage, maskedEmail } from "../../pages/index.ts";
import type { Approvals } from "./approvals.ts";
import type { PageWords } from "./page-words.ts";
import type { Page, Place } from "./place.ts";
import { isStanding, type OpenedApproval } from "./request.ts";
import type { RequestPlace } from "./request-place.ts";
import { closedState } from "./views.ts";

/** A person may have a fresh link sent so often, in ms. */
const INTERVAL = 60_000;
/** How many fresh links are remembered, against many of them in a short time. */
const REMEMBERED = 10_000;

/** Sends people fresh links in place of those that hold no longer. */
export class FreshLinks {
  readonly #approvals: Approvals;
  readonly #clock: Clock;
  /** when they were sent, in the clock's monotonic time */
  readonly #sent = new BoundedMap<string, number>(REMEMBERED);

  constructor(approvals: Approvals, clock: Clock) {
    this.#approvals = approvals;
    this.#clock = clock;
  }

  /** Sends one if the request waits for the person, and none was sent a short while ago. Answers with the request. */
  async send({ approval, person }: DecisionLink): Promise<OpenedApproval | undefined> {
    const now = this.#clock.monotonic();
    const id = `${approval} ${identity(person)}`;
    if (now - (this.#sent.get(id) ?? -Infinity) < INTERVAL) return this.#approvals.get(approval);
    this.#sent.set(id, now);
    return this.#approvals.notifyAgain(approval, person);
  }
}

/** Where a decision link leads that holds no longer. */
export class OverPlace implements Place {
  readonly #approvals: Approvals;
  readonly #words: PageWords;
  readonly #fresh: FreshLinks;
  readonly #link: DecisionLink;
  readonly #request: RequestPlace | undefined;

  /** @param request where it led to, if it has only expired: others may have the key of one that was revoked */
  constructor(
    { approvals, words, fresh }: { readonly approvals: Approvals; readonly words: PageWords; readonly fresh: FreshLinks },
    link: DecisionLink,
    request: RequestPlace | undefined,
  ) {
    this.#approvals = approvals;
    this.#words = words;
    this.#fresh = fresh;
    this.#link = link;
    this.#request = request;
  }

  /** How a request was decided is shown all the same. */
  async show(): Promise<Page> {
    const opened = await this.#approvals.get(this.#link.approval);
    const isClosed = isStanding(opened) && closedState(opened.state.approval) !== undefined;
    if (isClosed && this.#request !== undefined) return this.#request.page(opened);
    const html = expiredPage({ email: maskedEmail(this.#link.person), sent: false }, this.#words.of(opened));
    return { status: 410, html };
  }

  async submit(form: URLSearchParams): Promise<Page> {
    if (form.get("action") !== "fresh") return this.show();
    const opened = await this.#fresh.send(this.#link);
    // The same answer in any case: the page does not say whether the request still waits.
    return { status: 200, html: expiredPage({ email: maskedEmail(this.#link.person), sent: true }, this.#words.of(opened)) };
  }
}
