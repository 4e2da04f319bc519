import { type Ballot, identity } from "../../approval/index.ts";
import type { Clock } from "../../base/clock.ts";
import { isUnread } from "../../base/codec.ts";
import { Fault } from "../../base/fault.ts";
import type { Inbox, InboxQuery, Ledger } from "../../ledger/index.ts";
import { BULK_LIMIT, type BulkResult, type InboxView, inboxPage, PAGE_SIZE, titleOf } from "../../pages/index.ts";
import { NOBODY_KNOWN } from "../elsewhere.ts";
import type { Approvals } from "./approvals.ts";
import { pageIn, queryIn, reasonIn, turnIn, withReason } from "./fields.ts";
import type { PageWords } from "./page-words.ts";
import type { Page, Place } from "./place.ts";
import { isStanding, openedApprovals, personView, type Standing } from "./request.ts";
import { decidedState, inboxRow, pickedBy, pickOf } from "./views.ts";
import type { Visitor } from "./visitors.ts";

/** How many requests of a bulk decision are worked on at once. */
const BULK_WIDTH = 25;

/** The page of an inbox, in the tokens of forms. */
const INBOX = "";

interface Voted {
  readonly result: BulkResult;
  /** this release cannot read the request, and no inbox shows it */
  readonly isUnread?: true;
}

/** What waits for one person. */
export class InboxPlace implements Place {
  readonly #ledger: Ledger;
  readonly #approvals: Approvals;
  readonly #words: PageWords;
  readonly #clock: Clock;
  readonly #visitor: Visitor;
  readonly #query: URLSearchParams;

  constructor(
    {
      ledger,
      approvals,
      words,
      clock,
    }: { readonly ledger: Ledger; readonly approvals: Approvals; readonly words: PageWords; readonly clock: Clock },
    visitor: Visitor,
    query: URLSearchParams,
  ) {
    this.#ledger = ledger;
    this.#approvals = approvals;
    this.#words = words;
    this.#clock = clock;
    this.#visitor = visitor;
    this.#query = query;
  }

  show(): Promise<Page> {
    return this.#page(this.#query);
  }

  /** Decides many requests with one reason, each with its own result. */
  async submit(form: URLSearchParams): Promise<Page> {
    const action = form.get("action");
    const isVote = action === "approve" || action === "reject";
    if (!isVote || !(await this.#visitor.isFrom(INBOX, form))) return this.#page(form);
    const reason = reasonIn(form);
    const all = form.has("all");
    const picked = all ? await this.#matches(form) : [...new Set(form.getAll("pick"))].slice(0, BULK_LIMIT);
    const typed = { reason, picked: form.getAll("pick"), all };
    if (picked.length === 0) return this.#page(form, { result: { vote: action, refused: "none-picked" }, typed });
    const results: Voted[] = [];
    for (let start = 0; start < picked.length; start += BULK_WIDTH) {
      const some = picked.slice(start, start + BULK_WIDTH);
      results.push(...(await Promise.all(some.map((pick) => this.#vote(pick, action, reason)))));
    }
    // Who meant all that an inbox shows, meant none that it cannot show.
    const each = results.flatMap(({ result, isUnread }) => (all && isUnread === true ? [] : [result]));
    return this.#page(form, { result: { vote: action, ...withReason(reason), each } });
  }

  async #page(query: URLSearchParams, outcome: Pick<InboxView, "result" | "typed"> = {}): Promise<Page> {
    const { person } = this.#visitor;
    const asked = pageIn(query);
    const filter = this.#filter(query);
    const read = (page: number): Promise<Inbox> =>
      this.#ledger.approvals.inbox({ ...filter, offset: (page - 1) * PAGE_SIZE, limit: PAGE_SIZE });
    const first = await read(asked);
    // What was decided since may have been all of that page.
    const page = Math.min(asked, Math.max(1, Math.ceil(first.matching / PAGE_SIZE)));
    const found = page === asked ? first : await read(page);
    const opened = openedApprovals(found.rows);
    const rows = await Promise.all(opened.filter(isStanding).map(async (request) => inboxRow(request, await this.#pageOf(request))));
    const [oldest] = opened;
    const form = await this.#visitor.form(INBOX);
    const view: InboxView = {
      now: this.#clock.now(),
      turn: found.turn,
      person: isStanding(oldest) ? personView(oldest.state.approval, person) : { email: person },
      rows,
      matching: found.matching,
      total: found.total,
      page,
      pageSize: PAGE_SIZE,
      query: filter.text,
      type: filter.type,
      types: found.types,
      ...(form === undefined ? {} : { form }),
      ...outcome,
    };
    return { status: 200, html: inboxPage(view, this.#words.of(oldest)) };
  }

  #filter(fields: URLSearchParams): Pick<InboxQuery, "person" | "text" | "type"> {
    return { person: identity(this.#visitor.person), text: queryIn(fields), type: fields.get("type") ?? "" };
  }

  #pageOf({ record, request, state }: Standing): Promise<string> {
    return this.#visitor.page(record.id, state.approval.level, request.linkValidity);
  }

  /** Those that match and that the person can have seen. */
  async #matches(form: URLSearchParams): Promise<string[]> {
    const picks = await this.#ledger.approvals.inboxPicks({ ...this.#filter(form), upTo: turnIn(form), offset: 0, limit: BULK_LIMIT });
    return picks.map(({ id, level }) => pickOf(id, level));
  }

  /** On the level that was shown: on another the question is another. */
  async #vote(pick: string, action: Ballot["action"], reason: string): Promise<Voted> {
    const { id, level } = pickedBy(pick);
    let asked: Standing | undefined;
    try {
      const { step } = await this.#approvals.voteOn(id, (request) => {
        asked = request;
        return { level: level ?? request.state.approval.level, action, by: this.#visitor.person, ...withReason(reason) };
      });
      if (asked === undefined || step.why === "NOT_APPROVER") return { result: stranger(pick) };
      const { why, approval, decision } = step;
      const isElsewhere = decision?.outcome === "withdrawn" && decision.by === NOBODY_KNOWN;
      const result = why === "REASON_REQUIRED" ? "reason-missing" : step.result === "late" && isElsewhere ? "elsewhere" : step.result;
      const decided = decision === undefined || decision.outcome === "withdrawn" ? {} : { decided: decidedState(approval, decision) };
      return { result: await this.#resultOf(pick, asked, { result, ...decided }) };
    } catch (error) {
      if (isUnread(error)) return { result: { ...stranger(pick), result: "failed" }, isUnread: true };
      if (error instanceof Fault && error.code === "APPROVAL_UNKNOWN") return { result: stranger(pick) };
      if (asked === undefined) throw error;
      // The ledger may not be writable for now; what the others did stands, and is shown.
      return { result: await this.#resultOf(pick, asked, { result: "failed" }) };
    }
  }

  async #resultOf(pick: string, asked: Standing, result: Pick<BulkResult, "result" | "decided">): Promise<BulkResult> {
    const { page, subject, machines, machine } = inboxRow(asked, await this.#pageOf(asked));
    const count = { count: machines, ...(machine === undefined ? {} : { name: machine }) };
    return { id: pick, page, title: titleOf(subject, count, this.#words.of(asked)), ...result };
  }
}

/** Whoever was not asked does not hear what was asked, nor whether anything was. */
function stranger(id: string): BulkResult {
  return { id, page: "", title: id, result: "forbidden" };
}
