import type { Clock } from "../../base/clock.ts";
import type { Ledger } from "../../ledger/index.ts";
import { chatFor, type Mail, mailFor, type Texts } from "../../pages/index.ts";
import type { Approvals } from "./approvals.ts";
import { machinesPageIn } from "./fields.ts";
import { InboxPlace } from "./inbox-place.ts";
import type { ApprovalLinks, Revocation } from "./links.ts";
import type { Notification } from "./notifier.ts";
import { FreshLinks, OverPlace } from "./over-place.ts";
import { PageWords } from "./page-words.ts";
import type { Page, Place } from "./place.ts";
import { isStanding, type OpenedApproval } from "./request.ts";
import { RequestPlace } from "./request-place.ts";
import { mailView } from "./views.ts";
import { LinkHolder, SignedInPerson, type Visitor } from "./visitors.ts";

export type { Page, Place } from "./place.ts";

/** A mail with what chats show instead. */
export interface Letter extends Mail {
  readonly chat: string;
  readonly links: { readonly page?: string; readonly inbox?: string };
}

/** Below the node root. */
export const PAGE_PATH = "/abiquo/approval";
export const INBOX_PATH = "/abiquo/inbox";

/** How long a link holds for somebody who can sign in for another, in ms. */
const SIGNED_IN = 24 * 60 * 60_000;

/**
 * Where people meet their requests: the letters that bring them links, and the places that links open. A token is
 * verified once, when its place is opened.
 */
export class ApprovalDesk {
  readonly #ledger: Ledger;
  readonly #approvals: Approvals;
  readonly #links: ApprovalLinks;
  readonly #clock: Clock;
  readonly #words: PageWords;
  readonly #fresh: FreshLinks;

  /** @param texts of pages and mails in a language, the one that comes nearest */
  constructor(ledger: Ledger, approvals: Approvals, links: ApprovalLinks, clock: Clock, texts: (language: string) => Texts) {
    this.#ledger = ledger;
    this.#approvals = approvals;
    this.#links = links;
    this.#clock = clock;
    this.#words = new PageWords(texts);
    this.#fresh = new FreshLinks(approvals, clock);
  }

  /** The mail and the chat text for one person. */
  async letter(opened: OpenedApproval, notification: Notification): Promise<Letter | undefined> {
    if (!isStanding(opened)) return undefined;
    const links = notification.requester === true ? {} : await this.#lettersLinks(opened, notification);
    const view = mailView(opened, notification, links, this.#clock.now());
    const words = this.#words.of(opened);
    return { ...mailFor(view, words), chat: chatFor(view, words), links };
  }

  async #lettersLinks({ record, request }: OpenedApproval, { person, level }: Notification): Promise<{ page?: string; inbox?: string }> {
    if (request.publicUrl === "") return {};
    const expiresAt = this.#clock.now() + request.linkValidity;
    const page = await this.#links.decision({ approval: record.id, level, person: person.email, expiresAt });
    const inbox = await this.#links.inbox({ person: person.email, expiresAt });
    return { page: `${request.publicUrl}${PAGE_PATH}/${page}`, inbox: `${request.publicUrl}${INBOX_PATH}/${inbox}` };
  }

  /** Links that were sent or shown before open nothing any more; the page of such a link offers to send a fresh one. */
  revokeLinks(by: string, reason?: string): Promise<Revocation> {
    return this.#links.revoke(by, reason);
  }

  /** Below the node root, for one day: the inbox of somebody who has signed in. */
  async inboxPath(person: string): Promise<string> {
    return `${INBOX_PATH}/${await this.#links.inbox({ person, expiresAt: this.#clock.now() + SIGNED_IN })}`;
  }

  /** Opens the page of a decision link; undefined when this ledger's keys did not sign the token. */
  async byDecisionLink(token: string, query: URLSearchParams): Promise<Place | undefined> {
    const reading = await this.#links.readDecision(token);
    if (reading.code === "BAD") return undefined;
    const { code, link } = reading;
    const place = this.#requestPlace(new LinkHolder(this.#links, this.#clock, link), link, query);
    if (code === "OK") return place;
    const parts = { approvals: this.#approvals, words: this.#words, fresh: this.#fresh };
    return new OverPlace(parts, link, code === "EXPIRED" ? place : undefined);
  }

  /** Opens the inbox of a link; undefined when this ledger's keys did not sign the token. */
  async byInboxLink(token: string, query: URLSearchParams): Promise<Place | undefined> {
    const reading = await this.#links.readInbox(token);
    if (reading.code === "BAD") return undefined;
    if (reading.code === "OK") return this.#inboxPlace(new LinkHolder(this.#links, this.#clock, reading.link), query);
    const over = async (): Promise<Page> => this.#words.notice(410);
    return { show: over, submit: over };
  }

  /** Opens the page of a request for somebody whom a trusted proxy has signed in; it shows if that person was asked. */
  requestOf(person: string, approval: string, query: URLSearchParams): Place {
    return this.#requestPlace(new SignedInPerson(this.#links, this.#clock, person), { approval }, query);
  }

  /** Opens the inbox of somebody whom a trusted proxy has signed in. */
  inboxOf(person: string, query: URLSearchParams): Place {
    return this.#inboxPlace(new SignedInPerson(this.#links, this.#clock, person), query);
  }

  #requestPlace(visitor: Visitor, at: { readonly approval: string; readonly level?: number }, query: URLSearchParams): RequestPlace {
    const parts = { approvals: this.#approvals, words: this.#words, clock: this.#clock };
    return new RequestPlace(parts, visitor, at, machinesPageIn(query));
  }

  #inboxPlace(visitor: Visitor, query: URLSearchParams): InboxPlace {
    const parts = { ledger: this.#ledger, approvals: this.#approvals, words: this.#words, clock: this.#clock };
    return new InboxPlace(parts, visitor, query);
  }
}
