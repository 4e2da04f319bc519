import { identify, identity, isConcerned } from "../../approval/index.ts";
import type { Clock } from "../../base/clock.ts";
import type { ApprovalLinks } from "./links.ts";
import type { Standing } from "./request.ts";

/** How long a form holds that a signed-in person has open, in ms. */
const FORM_VALIDITY = 24 * 60 * 60_000;

/** Somebody at the pages, by the way they came; it decides how pages lead to each other. */
export interface Visitor {
  /** E-mail address. */
  readonly person: string;
  /** Whether the page of this request is for them. */
  maySee(request: Standing): boolean;
  /**
   * Where the page of a request is, from the inbox.
   *
   * @param validity how long a link to it may hold, in ms
   */
  page(approval: string, level: number, validity: number): Promise<string>;
  /** Where the inbox is, from the page of a request. */
  inbox(): Promise<string>;
  /** What the form of a page must bring back; undefined where the address itself is the secret. */
  form(page: string): Promise<string | undefined>;
  /** Whether this person's browser had the form from that page. */
  isFrom(page: string, form: URLSearchParams): Promise<boolean>;
}

/** By a link, whose holder is its person: no link that leads on holds longer. */
export class LinkHolder implements Visitor {
  readonly person: string;
  readonly #links: ApprovalLinks;
  readonly #clock: Clock;
  readonly #expiresAt: number;

  constructor(links: ApprovalLinks, clock: Clock, { person, expiresAt }: { readonly person: string; readonly expiresAt: number }) {
    this.#links = links;
    this.#clock = clock;
    this.person = person;
    this.#expiresAt = expiresAt;
  }

  maySee(): boolean {
    return true;
  }

  async page(approval: string, level: number, validity: number): Promise<string> {
    const expiresAt = Math.min(this.#expiresAt, this.#clock.now() + validity);
    return `../approval/${await this.#links.decision({ approval, level, person: this.person, expiresAt })}`;
  }

  async inbox(): Promise<string> {
    return `../inbox/${await this.#links.inbox({ person: this.person, expiresAt: this.#expiresAt })}`;
  }

  form(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  isFrom(): Promise<boolean> {
    return Promise.resolve(true);
  }
}

/**
 * Signed in by a proxy: the addresses are worth nothing without that, so they hold no secret. In exchange forms must
 * bring one back, since the person's browser can be made to post by others.
 */
export class SignedInPerson implements Visitor {
  readonly person: string;
  readonly #links: ApprovalLinks;
  readonly #clock: Clock;

  constructor(links: ApprovalLinks, clock: Clock, person: string) {
    this.#links = links;
    this.#clock = clock;
    this.person = person;
  }

  /** Whoever was not asked does not hear that anything was. */
  maySee({ state: { approval } }: Standing): boolean {
    return isConcerned(approval, identify(approval, this.person));
  }

  page(approval: string): Promise<string> {
    return Promise.resolve(`./inbox/${approval}`);
  }

  inbox(): Promise<string> {
    return Promise.resolve("../inbox");
  }

  form(page: string): Promise<string> {
    return this.#links.form({ person: this.person, page, expiresAt: this.#clock.now() + FORM_VALIDITY });
  }

  async isFrom(page: string, form: URLSearchParams): Promise<boolean> {
    const reading = await this.#links.readForm(form.get("form") ?? "");
    return reading.code === "OK" && reading.link.page === page && identity(reading.link.person) === identity(this.person);
  }
}
