import { type Ballot, type DecisionLink, isAddress, type Refusal, type VoteStep } from "../../approval/index.ts";
import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import { type PostResult, type RequestView, requestPage, type Typed } from "../../pages/index.ts";
import type { Approvals } from "./approvals.ts";
import { levelIn, machinesPageIn, reasonIn, withReason } from "./fields.ts";
import type { PageWords } from "./page-words.ts";
import type { Page, Place } from "./place.ts";
import { isStanding, personView, type Standing } from "./request.ts";
import { closedState, decidedState, itemsLeft, requestView } from "./views.ts";
import type { Visitor } from "./visitors.ts";

/** What its form leaves for the page to show again. */
interface Shown {
  readonly result?: PostResult | undefined;
  readonly typed?: Typed | undefined;
  readonly machinesPage?: number;
}

/** The page of one request, for somebody who may come in. */
export class RequestPlace implements Place {
  readonly #approvals: Approvals;
  readonly #words: PageWords;
  readonly #clock: Clock;
  readonly #visitor: Visitor;
  readonly #id: string;
  readonly #level: number | undefined;
  readonly #machinesPage: number;

  /**
   * @param at the request, on the level that a link is for, or the present one
   * @param machinesPage which page of its machines is shown
   */
  constructor(
    { approvals, words, clock }: { readonly approvals: Approvals; readonly words: PageWords; readonly clock: Clock },
    visitor: Visitor,
    at: Pick<DecisionLink, "approval"> & { readonly level?: number },
    machinesPage: number,
  ) {
    this.#approvals = approvals;
    this.#words = words;
    this.#clock = clock;
    this.#visitor = visitor;
    this.#id = at.approval;
    this.#level = at.level;
    this.#machinesPage = machinesPage;
  }

  show(): Promise<Page> {
    return this.#show({ machinesPage: this.#machinesPage });
  }

  async submit(form: URLSearchParams): Promise<Page> {
    if (!(await this.#visitor.isFrom(this.#id, form))) return this.#show();
    try {
      return await this.#act(form);
    } catch (error) {
      if (error instanceof Fault && error.code === "APPROVAL_UNKNOWN") return this.#words.notice(404);
      throw error;
    }
  }

  #act(form: URLSearchParams): Promise<Page> {
    const action = form.get("action");
    if (action === "approve" || action === "reject") return this.#vote(action, form);
    if (action === "delegate") return this.#delegate(form);
    if (action === null && form.has("machines")) {
      return this.#show({ typed: { reason: reasonIn(form), except: form.getAll("except") }, machinesPage: machinesPageIn(form) });
    }
    return this.#show({ result: { kind: "failed" } });
  }

  async #show(shown: Shown = {}): Promise<Page> {
    const opened = await this.#approvals.visited(this.#id);
    return isStanding(opened) ? this.page(opened, shown) : this.#words.notice(404);
  }

  /** The page of this request as it stands. */
  async page(request: Standing, { result, typed, machinesPage = 1 }: Shown = {}): Promise<Page> {
    const visitor = this.#visitor;
    if (!visitor.maySee(request)) return this.#words.notice(404);
    const [inbox, form] = await Promise.all([visitor.inbox(), visitor.form(this.#id)]);
    const { level } = request.state.approval;
    const view: RequestView = {
      ...requestView(request, { person: visitor.person, level: this.#level ?? level }, this.#clock.now()),
      inbox,
      machinesPage,
      ...(form === undefined ? {} : { form }),
      ...(result === undefined ? {} : { result }),
      ...(typed === undefined ? {} : { typed }),
    };
    return { status: statusOf(result), html: requestPage(view, this.#words.of(request)) };
  }

  async #vote(action: Ballot["action"], form: URLSearchParams): Promise<Page> {
    const reason = reasonIn(form);
    // Browsers send the ticks with either button.
    const except = action === "reject" ? [] : form.getAll("except");
    const typed: Typed = { reason, except };
    const { request, step } = await this.#approvals.voteOn(this.#id, (asked): Ballot | undefined => {
      if (!this.#visitor.maySee(asked) || isNothingLeft(asked, except)) return undefined;
      const level = levelIn(form) ?? this.#level ?? asked.state.approval.level;
      return { level, action, by: this.#visitor.person, ...withReason(reason), ...(except.length === 0 ? {} : { except }) };
    });
    if (step === undefined) return this.page(request, { result: { kind: "all-excepted" }, typed });
    return this.page(request, { result: voteResult(step, action), typed: step.why === "REASON_REQUIRED" ? typed : undefined });
  }

  async #delegate(form: URLSearchParams): Promise<Page> {
    const to = (form.get("to") ?? "").trim();
    const reason = reasonIn(form);
    const typed: Typed = { to, reason };
    if (!isAddress(to)) return this.#show({ result: { kind: "delegate-refused" }, typed });
    const command = { action: "delegate", to: { email: to }, by: this.#visitor.person, ...withReason(reason) } as const;
    const { request, step } = await this.#approvals.commandOn(this.#id, (asked) => {
      return this.#visitor.maySee(asked) ? { command, level: levelIn(form) ?? this.#level } : undefined;
    });
    if (step === undefined) return this.page(request);
    const { result, why, approval } = step;
    if (result === "late") return this.page(request, { result: { kind: "late" } });
    if (result !== "forbidden") return this.page(request, { result: { kind: "delegated", to: personView(approval, to) } });
    const isToOther = why === "ALREADY_APPROVER" || why === "DELEGATE_NOT_LISTED";
    return this.page(request, { result: isToOther ? { kind: "delegate-refused" } : forbidden(why), typed });
  }
}

/** Whether an approval that leaves these out would leave nothing to approve. */
function isNothingLeft(request: Standing, except: readonly string[]): boolean {
  return except.length > 0 && itemsLeft(request, except).length === 0 && closedState(request.state.approval) === undefined;
}

function voteResult({ result, why, approval, decision }: VoteStep, action: Ballot["action"]): PostResult {
  switch (result) {
    case "counted":
      return { kind: "counted", vote: action };
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
