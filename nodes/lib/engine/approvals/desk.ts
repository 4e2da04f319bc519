import {
  type Ballot,
  type DecisionLink,
  identify,
  identity,
  isAddress,
  isConcerned,
  type Refusal,
  type VoteStep,
} from "../../approval/index.ts";
import type { Clock } from "../../base/clock.ts";
import { isUnread } from "../../base/codec.ts";
import type { Inbox, Ledger } from "../../ledger/index.ts";
import {
  BULK_LIMIT,
  type BulkResult,
  chatFor,
  expiredPage,
  type InboxView,
  inboxPage,
  type Mail,
  mailFor,
  maskedEmail,
  type NoticeView,
  noticePage,
  PAGE_SIZE,
  type PostResult,
  QUERY_LENGTH,
  REASON_LENGTH,
  type RequestView,
  requestPage,
  type Texts,
  type Typed,
  titleOf,
  Words,
} from "../../pages/index.ts";
import type { Approvals } from "./approvals.ts";
import type { ApprovalLinks, Revocation } from "./links.ts";
import type { Notification } from "./notifier.ts";
import { countedAs, type KeptState, type OpenedApproval, openedApprovals, personView } from "./request.ts";
import { closedState, decidedState, inboxRow, itemsLeft, mailView, pickedBy, pickOf, requestView } from "./views.ts";
import { ByLink, SignedIn, type Way } from "./ways.ts";

export interface Page {
  readonly status: number;
  readonly html: string;
}

/** A mail with what chats show instead. */
export interface Letter extends Mail {
  readonly chat: string;
  readonly links: { readonly page?: string; readonly inbox?: string };
}

/** Below the node root. */
export const PAGE_PATH = "/abiquo/approval";
export const INBOX_PATH = "/abiquo/inbox";

/** A person may have a fresh link sent so often, in ms. */
const FRESH_LINK_INTERVAL = 60_000;
/** How long a link holds for somebody who can sign in for another, in ms. */
const SIGNED_IN = 24 * 60 * 60_000;
/** How many requests of a bulk decision are worked on at once. */
const BULK_WIDTH = 25;
/** How many fresh links are remembered, against many of them in a short time. */
const REMEMBERED = 10_000;

/** A request as somebody looks at it: on the level that a link is for, or the present one. */
type Visit = Pick<DecisionLink, "approval" | "level">;

/** The page of an inbox, in the tokens of forms. */
const INBOX = "";

/** Where people meet their requests: pages by link, inboxes, and the letters that bring the links. */
export class ApprovalDesk {
  readonly #ledger: Ledger;
  readonly #approvals: Approvals;
  readonly #links: ApprovalLinks;
  readonly #clock: Clock;
  readonly #texts: (language: string) => Texts;
  readonly #words = new Map<string, Words>();
  /** when they were sent, in the clock's monotonic time */
  readonly #freshLinks = new Map<string, number>();

  /** @param texts of pages and mails in a language, the one that comes nearest */
  constructor(ledger: Ledger, approvals: Approvals, links: ApprovalLinks, clock: Clock, texts: (language: string) => Texts) {
    this.#ledger = ledger;
    this.#approvals = approvals;
    this.#links = links;
    this.#clock = clock;
    this.#texts = texts;
  }

  /** The mail and the chat text for one person. */
  async letter(opened: OpenedApproval, notification: Notification): Promise<Letter | undefined> {
    if (opened.state === undefined) return undefined;
    const links = notification.requester === true ? {} : await this.#lettersLinks(opened, notification);
    const view = mailView(opened, opened.state, notification, links, this.#clock.now());
    const words = this.#wordsOf(opened);
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

  /** True when this ledger's keys signed the token. */
  async knowsDecision(token: string): Promise<boolean> {
    return (await this.#links.readDecision(token)).code !== "BAD";
  }

  async knowsInbox(token: string): Promise<boolean> {
    return (await this.#links.readInbox(token)).code !== "BAD";
  }

  /** The page of a decision link. Looking changes nothing. */
  async show(token: string, query = new URLSearchParams()): Promise<Page> {
    return this.#byLink(token, (link, way) => this.#requestPage(link, way, undefined, undefined, machinesPageIn(query)));
  }

  /** What the page's form does. */
  async submit(token: string, form: URLSearchParams): Promise<Page> {
    const reading = await this.#links.readDecision(token);
    const isOver = reading.code === "EXPIRED" || reading.code === "REVOKED";
    if (isOver) return form.get("action") === "fresh" ? this.#sendFreshLink(reading.link) : this.show(token);
    return this.#byLink(token, (link, way) => this.#act(link, form, way));
  }

  async #byLink(token: string, act: (link: DecisionLink, way: Way) => Promise<Page>): Promise<Page> {
    const reading = await this.#links.readDecision(token);
    if (reading.code === "BAD") return this.notice(403);
    const way = new ByLink(this.#links, this.#clock, reading.link);
    if (reading.code === "OK") return act(reading.link, way);
    const opened = await this.#approvals.get(reading.link.approval);
    // What is decided is told by an expired link too; by a revoked one, whose key others may have, nothing is.
    const isClosed = opened?.state !== undefined && closedState(opened.state.approval) !== undefined;
    if (isClosed && reading.code === "EXPIRED") return this.#requestPage(reading.link, way);
    const html = expiredPage({ email: maskedEmail(reading.link.person), sent: false }, this.#wordsOf(opened));
    return { status: 410, html };
  }

  /** The page of a request for somebody whom a trusted proxy has signed in, and who was asked. */
  async showOwn(person: string, approval: string, query = new URLSearchParams()): Promise<Page> {
    return this.#own(person, approval, (visit, way) => this.#requestPage(visit, way, undefined, undefined, machinesPageIn(query)));
  }

  async submitOwn(person: string, approval: string, form: URLSearchParams): Promise<Page> {
    return this.#own(person, approval, async (visit, way) => {
      return (await way.isFrom(approval, form)) ? this.#act(visit, form, way) : this.#requestPage(visit, way);
    });
  }

  async #own(person: string, approval: string, act: (visit: Visit, way: SignedIn) => Promise<Page>): Promise<Page> {
    const state = (await this.#approvals.get(approval))?.state;
    // Whoever was not asked is not told that anything was.
    if (state === undefined || !isConcerned(state.approval, identify(state.approval, person))) return this.notice(404);
    return act({ approval, level: state.approval.level }, new SignedIn(this.#links, this.#clock, person));
  }

  async #act(visit: Visit, form: URLSearchParams, way: Way): Promise<Page> {
    const action = form.get("action");
    if (action === "approve" || action === "reject") return this.#vote(visit, action, form, way);
    if (action === "delegate") return this.#delegate(visit, form, way);
    if (action === null && form.has("machines")) {
      return this.#requestPage(visit, way, undefined, { reason: reasonIn(form), except: form.getAll("except") }, machinesPageIn(form));
    }
    return this.#requestPage(visit, way, { kind: "failed" });
  }

  async #requestPage(visit: Visit, way: Way, result?: PostResult, typed?: Typed, machinesPage = 1): Promise<Page> {
    const opened = await this.#approvals.get(visit.approval);
    if (opened?.state === undefined) return this.notice(404);
    const [inbox, form] = await Promise.all([way.inbox(), way.form(visit.approval)]);
    const view: RequestView = {
      ...requestView(opened, opened.state, { ...visit, person: way.person }, this.#clock.now()),
      inbox,
      machinesPage,
      ...(form === undefined ? {} : { form }),
      ...(result === undefined ? {} : { result }),
      ...(typed === undefined ? {} : { typed }),
    };
    return { status: statusOf(result), html: requestPage(view, this.#wordsOf(opened)) };
  }

  async #vote(visit: Visit, action: Ballot["action"], form: URLSearchParams, way: Way): Promise<Page> {
    const opened = await this.#approvals.get(visit.approval);
    if (opened?.state === undefined) return this.notice(404);
    const reason = reasonIn(form);
    // Browsers send the ticks with either button.
    const except = action === "reject" ? [] : form.getAll("except");
    const typed: Typed = { reason, except };
    const isAllOut = except.length > 0 && itemsLeft(opened, opened.state, except).length === 0;
    if (isAllOut && closedState(opened.state.approval) === undefined) return this.#requestPage(visit, way, { kind: "all-excepted" }, typed);
    const level = levelIn(form) ?? visit.level;
    const ballot: Ballot = {
      level,
      action,
      by: way.person,
      ...(reason === "" ? {} : { reason }),
      ...(except.length === 0 ? {} : { except }),
    };
    const step = await this.#approvals.vote(visit.approval, ballot);
    return this.#requestPage(visit, way, postResult(step, ballot), step.why === "REASON_REQUIRED" ? typed : undefined);
  }

  async #delegate(visit: Visit, form: URLSearchParams, way: Way): Promise<Page> {
    const to = (form.get("to") ?? "").trim();
    const reason = reasonIn(form);
    if (!isAddress(to)) return this.#requestPage(visit, way, { kind: "delegate-refused" }, { to, reason });
    const given = { action: "delegate", to: { email: to }, by: way.person, ...(reason === "" ? {} : { reason }) } as const;
    const { result, why, approval } = await this.#approvals.command(visit.approval, given, levelIn(form) ?? visit.level);
    if (result === "late") return this.#requestPage(visit, way, { kind: "late" });
    if (result === "forbidden")
      return this.#requestPage(
        visit,
        way,
        why === "ALREADY_APPROVER" || why === "DELEGATE_NOT_LISTED" ? { kind: "delegate-refused" } : forbidden(why),
        { to, reason },
      );
    return this.#requestPage(visit, way, { kind: "delegated", to: personView(approval, to) });
  }

  async #sendFreshLink(link: DecisionLink): Promise<Page> {
    const now = this.#clock.monotonic();
    const id = `${link.approval} ${identity(link.person)}`;
    const opened = await this.#approvals.get(link.approval);
    if (now - (this.#freshLinks.get(id) ?? -Infinity) >= FRESH_LINK_INTERVAL) {
      if (this.#freshLinks.size >= REMEMBERED) this.#freshLinks.clear();
      this.#freshLinks.set(id, now);
      await this.#approvals.tellAgain(link.approval, link.person);
    }
    // The same answer in any case: the page does not say whether the request still waits.
    return { status: 200, html: expiredPage({ email: maskedEmail(link.person), sent: true }, this.#wordsOf(opened)) };
  }

  /** The inbox of a link. */
  async inbox(token: string, query: URLSearchParams): Promise<Page> {
    return this.#inboxByLink(token, (way) => this.#inboxPage(query, way));
  }

  async submitInbox(token: string, form: URLSearchParams): Promise<Page> {
    return this.#inboxByLink(token, (way) => this.#decide(form, way));
  }

  async #inboxByLink(token: string, act: (way: Way) => Promise<Page>): Promise<Page> {
    const reading = await this.#links.readInbox(token);
    if (reading.code === "OK") return act(new ByLink(this.#links, this.#clock, reading.link));
    if (reading.code === "BAD") return this.notice(403);
    return { status: 410, html: noticePage({ status: 410 }, this.#wordsOf()) };
  }

  /** The inbox of somebody whom a trusted proxy has signed in. */
  async ownInbox(person: string, query: URLSearchParams): Promise<Page> {
    return this.#inboxPage(query, new SignedIn(this.#links, this.#clock, person));
  }

  async submitOwnInbox(person: string, form: URLSearchParams): Promise<Page> {
    const way = new SignedIn(this.#links, this.#clock, person);
    return (await way.isFrom(INBOX, form)) ? this.#decide(form, way) : this.#inboxPage(form, way);
  }

  async #inboxPage(query: URLSearchParams, way: Way, outcome: Pick<InboxView, "result" | "typed"> = {}): Promise<Page> {
    const { person } = way;
    const asked = pageIn(query);
    const text = queryIn(query);
    const type = query.get("type") ?? "";
    const read = (page: number): Promise<Inbox> =>
      this.#ledger.approvals.inbox({ person: identity(person), text, type, offset: (page - 1) * PAGE_SIZE, limit: PAGE_SIZE });
    const first = await read(asked);
    // What was decided since may have been all of that page.
    const page = Math.min(asked, Math.max(1, Math.ceil(first.matching / PAGE_SIZE)));
    const found = page === asked ? first : await read(page);
    const now = this.#clock.now();
    const opened = openedApprovals(found.rows);
    const rows = await Promise.all(opened.flatMap((each) => (each.state === undefined ? [] : [this.#row(each, each.state, way)])));
    const [oldest] = opened;
    const form = await way.form(INBOX);
    const view: InboxView = {
      now,
      turn: found.turn,
      person: oldest?.state === undefined ? { email: person } : personView(oldest.state.approval, person),
      rows,
      matching: found.matching,
      total: found.total,
      page,
      pageSize: PAGE_SIZE,
      query: text,
      type,
      types: found.types,
      ...(form === undefined ? {} : { form }),
      ...outcome,
    };
    return { status: 200, html: inboxPage(view, this.#wordsOf(oldest)) };
  }

  async #row(opened: OpenedApproval, state: KeptState, way: Way): Promise<InboxView["rows"][number]> {
    return inboxRow(opened, state, await way.page(opened.record.id, state.approval.level, opened.request.linkValidity));
  }

  /** Decides many requests with one reason, each with its own result. */
  async #decide(form: URLSearchParams, way: Way): Promise<Page> {
    const action = form.get("action");
    if (action !== "approve" && action !== "reject") return this.#inboxPage(form, way);
    const reason = reasonIn(form);
    const all = form.has("all");
    const picked = all ? await this.#matches(way.person, form) : [...new Set(form.getAll("pick"))].slice(0, BULK_LIMIT);
    const typed = { reason, picked: form.getAll("pick"), all };
    if (picked.length === 0) return this.#inboxPage(form, way, { result: { vote: action, refused: "none-picked" }, typed });
    const each: BulkResult[] = [];
    for (let start = 0; start < picked.length; start += BULK_WIDTH) {
      const some = picked.slice(start, start + BULK_WIDTH);
      each.push(...(await Promise.all(some.map((id) => this.#voteInBulk(id, way, action, reason)))));
    }
    return this.#inboxPage(form, way, { result: { vote: action, ...(reason === "" ? {} : { reason }), each } });
  }

  /** Those that match and that the person can have seen. */
  async #matches(person: string, form: URLSearchParams): Promise<string[]> {
    const { rows } = await this.#ledger.approvals.inbox({
      person: identity(person),
      text: queryIn(form),
      type: form.get("type") ?? "",
      upTo: turnIn(form),
      offset: 0,
      limit: BULK_LIMIT,
    });
    return openedApprovals(rows).flatMap(({ record: { id }, state }) => (state === undefined ? [] : [pickOf(id, state.approval.level)]));
  }

  /** On the level that was shown: on another the question is another. */
  async #voteInBulk(pick: string, way: Way, action: Ballot["action"], reason: string): Promise<BulkResult> {
    const { id, level } = pickedBy(pick);
    const opened = await this.#readable(id);
    if (opened === "unread") return { ...stranger(pick), result: "failed" };
    if (opened?.state === undefined) return stranger(pick);
    const { page, subject, machines, machine } = await this.#row(opened, opened.state, way);
    const count = { count: machines, ...(machine === undefined ? {} : { name: machine }) };
    const title = titleOf(subject, count, this.#wordsOf(opened));
    try {
      const ballot: Ballot = { level: level ?? opened.state.approval.level, action, by: way.person, ...(reason === "" ? {} : { reason }) };
      const { result, why, approval, decision } = await this.#approvals.vote(id, ballot);
      if (why === "NOT_APPROVER") return stranger(pick);
      const decided = decision === undefined || decision.outcome === "withdrawn" ? {} : { decided: decidedState(approval, decision) };
      return { id: pick, page, title, result: why === "REASON_REQUIRED" ? "reason-missing" : result, ...decided };
    } catch {
      // The ledger may not be writable for now; what the others did stands, and is told.
      return { id: pick, page, title, result: "failed" };
    }
  }

  /** One that cannot be read does not stop the others of a bulk decision. */
  async #readable(id: string): Promise<OpenedApproval | "unread" | undefined> {
    return this.#approvals.get(id).catch((error: unknown) => {
      if (isUnread(error)) return "unread";
      throw error;
    });
  }

  notice(status: NoticeView["status"], language = ""): Page {
    return { status, html: noticePage({ status }, this.#wordsIn(language, "UTC")) };
  }

  #wordsOf(opened?: OpenedApproval): Words {
    return this.#wordsIn(opened?.request.language ?? "", opened?.request.timeZone ?? "UTC");
  }

  #wordsIn(language: string, timeZone: string): Words {
    const id = `${language} ${timeZone}`;
    let words = this.#words.get(id);
    if (words === undefined)
      this.#words.set(id, (words = new Words({ texts: this.#texts(language), language: language || "en-US", timeZone })));
    return words;
  }
}

/** Whoever was not asked is not told what was asked, nor whether anything was. */
function stranger(id: string): BulkResult {
  return { id, page: "", title: id, result: "forbidden" };
}

function machinesPageIn(fields: URLSearchParams): number {
  const page = fields.get("machines") ?? "";
  return /^\d{1,6}$/.test(page) ? Number(page) : 1;
}

/** The first page where the address names none. */
function pageIn(query: URLSearchParams): number {
  const page = Number(query.get("page"));
  return Number.isSafeInteger(page * PAGE_SIZE) && page >= 1 ? page : 1;
}

function queryIn(query: URLSearchParams): string {
  return (query.get("q") ?? "").slice(0, QUERY_LENGTH);
}

/** A form that does not say what its page showed means nothing. */
function turnIn(form: URLSearchParams): number {
  const turn = form.get("upTo") ?? "";
  return /^\d{1,15}$/.test(turn) ? Number(turn) : -1;
}

/** The level that the form was made for. */
function levelIn(form: URLSearchParams): number | undefined {
  const level = form.get("level") ?? "";
  return /^\d{1,4}$/.test(level) ? Number(level) : undefined;
}

function reasonIn(form: URLSearchParams): string {
  return (form.get("reason") ?? "").trim().slice(0, REASON_LENGTH);
}

function postResult({ result, why, approval, decision }: VoteStep, ballot: Ballot): PostResult {
  switch (result) {
    case "counted":
      return { kind: "counted", vote: countedAs(approval, ballot) };
    case "late":
      return decision === undefined || decision.outcome === "withdrawn"
        ? { kind: "late" }
        : { kind: "late", decision: decidedState(approval, decision) };
    case "repeated":
      return { kind: "repeated" };
    case "forbidden":
      return why === "REASON_REQUIRED" ? { kind: "reason-missing" } : forbidden(why);
  }
}

function forbidden(why: Refusal | undefined): PostResult {
  return { kind: "forbidden", ...(why === undefined ? {} : { why }) };
}

/** A form that did what it should, or that was answered before, is no failure of the request. */
function statusOf(result: PostResult | undefined): number {
  switch (result?.kind) {
    case "reason-missing":
    case "all-excepted":
    case "delegate-refused":
      return 422;
    case "late":
      return 409;
    case "forbidden":
      return 403;
    case "failed":
      return 400;
    default:
      return 200;
  }
}
