import {
  expiredPage,
  inboxPage,
  type NoticeView,
  noticePage,
  type RequestState,
  requestPage,
  type Words,
} from "../../../nodes/lib/pages/index.ts";
import { ANA, BULK, HOUR, inbox, LUIS, machines, NOW, request, rows, SAM, subject } from "./support.ts";

export interface PageState {
  readonly name: string;
  readonly status: number;
  readonly page: (words: Words) => string;
}

const out = { subject: subject({ machines: machines(6).map((machine, at) => (at < 2 ? { ...machine, excepted: true } : machine)) }) };
const decided = (outcome: "approved" | "rejected"): RequestState => ({
  kind: "decided",
  outcome,
  cause: "vote",
  by: LUIS,
  at: NOW - HOUR,
  reason: outcome === "approved" ? "Within the budget." : "Too large.\nAsk for half of it.",
});
const asks = (status: number, name: string, view: Parameters<typeof requestPage>[0]): PageState => ({
  name,
  status,
  page: (words) => requestPage(view, words),
});
const lists = (status: number, name: string, view: Parameters<typeof inboxPage>[0]): PageState => ({
  name,
  status,
  page: (words) => inboxPage(view, words),
});

/** Every page in every state that a person may see. */
export const STATES: readonly PageState[] = [
  asks(200, "waiting", request()),
  asks(
    200,
    "waiting-one",
    request({
      subject: subject({ machines: machines(1), title: "Test system for the auditors, until Friday" }),
      levels: [],
      history: [],
      state: { kind: "waiting", requireReason: "never", delegation: false, onDeadline: "wait" },
      inbox: undefined,
    }),
  ),
  asks(
    200,
    "waiting-many",
    request({
      subject: subject({ type: "UNDEPLOY", requester: undefined, machines: machines(40) }),
      state: { kind: "waiting", requireReason: "always", delegation: true, dueAt: NOW - HOUR, onDeadline: "wait" },
    }),
  ),
  asks(
    200,
    "waiting-size-unknown",
    request({ subject: subject({ type: "ACTION", machines: [{ id: "t1", name: "db-01" }, { id: "t2" }] }) }),
  ),
  asks(
    200,
    "waiting-size-partly-known",
    request({
      subject: subject({
        machines: machines(3).map((machine, at) => ({
          ...machine,
          ...(at === 0 ? { diskIsPart: true } : {}),
          ...(at === 1 ? { decided: true } : {}),
          ...(at === 2 ? { excepted: true } : {}),
        })),
      }),
    }),
  ),
  asks(
    200,
    "voted",
    request({
      state: { kind: "voted", vote: "approve", at: NOW, reason: "Fine with me.", dueAt: NOW + HOUR, onDeadline: "reject" },
      result: { kind: "counted", vote: "approve" },
    }),
  ),
  asks(200, "delegated", request({ state: { kind: "delegated", to: SAM, at: NOW }, result: { kind: "delegated", to: SAM } })),
  asks(
    200,
    "passed",
    request({
      state: { kind: "passed", decision: { outcome: "approved", cause: "vote", by: LUIS, at: NOW - HOUR } },
      result: { kind: "late" },
    }),
  ),
  asks(200, "frozen", request({ state: { kind: "frozen", by: LUIS, at: NOW - HOUR, reason: "Maintenance of the storage." } })),
  asks(
    200,
    "approved",
    request({
      ...out,
      state: decided("approved"),
      levels: [{ name: "Team lead", state: "approved", approvals: 1, needed: 1, people: [{ person: LUIS, vote: "approve" }] }],
    }),
  ),
  asks(
    200,
    "approved-now",
    request({ state: { ...decided("approved"), by: ANA, at: NOW } as RequestState, result: { kind: "counted", vote: "approve" } }),
  ),
  asks(
    200,
    "rejected",
    request({
      state: decided("rejected"),
      levels: [{ name: "Team lead", state: "rejected", approvals: 0, needed: 1, people: [{ person: LUIS, vote: "reject" }] }],
    }),
  ),
  asks(200, "rejected-by-deadline", request({ state: { kind: "decided", outcome: "rejected", cause: "deadline", at: NOW - HOUR } })),
  asks(409, "late", request({ state: decided("rejected"), result: { kind: "late" } })),
  asks(
    200,
    "repeated",
    request({ state: { kind: "voted", vote: "approve", at: NOW - HOUR, onDeadline: "wait" }, result: { kind: "repeated" } }),
  ),
  asks(409, "withdrawn-elsewhere", request({ state: { kind: "withdrawn", elsewhere: true, at: NOW - HOUR }, result: { kind: "late" } })),
  asks(200, "withdrawn", request({ state: { kind: "withdrawn", by: LUIS, at: NOW - HOUR, reason: "Decided in Abiquo." } })),
  asks(403, "forbidden-self", request({ state: { kind: "passed" }, result: { kind: "forbidden", why: "SELF_APPROVAL" } })),
  asks(422, "reason-missing", request({ result: { kind: "reason-missing" }, typed: { reason: "  ", except: ["task-1"] } })),
  asks(
    422,
    "all-excepted",
    request({ result: { kind: "all-excepted" }, typed: { reason: "None of these.", except: machines(6).map(({ id }) => id) } }),
  ),
  asks(422, "delegate-refused", request({ result: { kind: "delegate-refused" }, typed: { to: "mei.chen@example.com" } })),
  asks(500, "failed", request({ result: { kind: "failed" }, typed: { reason: "Kept" } })),
  { name: "expired", status: 410, page: (words) => expiredPage({ email: "a***@example.com", form: "nonce", sent: false }, words) },
  { name: "expired-sent", status: 200, page: (words) => expiredPage({ email: "a***@example.com", sent: true }, words) },
  ...([403, 404, 405, 408, 410, 413, 500, 503] as const).map(
    (status: NoticeView["status"]): PageState => ({ name: `notice-${status}`, status, page: (words) => noticePage({ status }, words) }),
  ),
  lists(200, "inbox", inbox()),
  lists(200, "inbox-paged", inbox({ rows: rows(50), matching: 10_000, total: 10_000, page: 2, query: "web" })),
  lists(200, "inbox-empty", inbox({ rows: [], matching: 0, total: 0 })),
  lists(200, "inbox-no-match", inbox({ rows: [], matching: 0, query: "nothing like it", type: "UNDEPLOY" })),
  lists(200, "inbox-done", inbox({ result: { vote: "approve", each: BULK.slice(0, 2) } })),
  lists(200, "inbox-partly", inbox({ result: { vote: "reject", reason: "Budget", each: BULK } })),
  lists(422, "inbox-none-picked", inbox({ result: { vote: "approve", refused: "none-picked" } })),
  lists(
    422,
    "inbox-reason-missing",
    inbox({
      result: { vote: "reject", refused: "reason-missing" },
      typed: { picked: ["request-1", "request-2"] },
      matching: 60,
      total: 60,
      rows: rows(50),
    }),
  ),
];
