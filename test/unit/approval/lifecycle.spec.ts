import assert from "node:assert/strict";
import {
  type Approval,
  type Ballot,
  command,
  identify,
  nextWake,
  openApproval,
  parsePolicy,
  resolvePolicy,
  tally,
  type VoteStep,
  vote,
  waitingFor,
  wake,
} from "../../../nodes/lib/approval/index.ts";
import { decidedIn, HOUR, MINUTE, opened, policyOf, restarted, START, told } from "./support.ts";

const ANNA = "anna@x.com";
const BERT = "bert@x.com";
const CARL = "carl@x.com";
const DORA = "dora@x.com";
const RITA = "rita@x.com";

const SUBJECT = { id: "a1", items: ["one", "two", "three"], requester: RITA };

function approve(approval: Approval, by: string, more: Partial<Ballot> = {}): VoteStep {
  return vote(approval, { action: "approve", by, ...more }, START + MINUTE);
}

function reject(approval: Approval, by: string, more: Partial<Ballot> = {}): VoteStep {
  return vote(approval, { action: "reject", by, ...more }, START + MINUTE);
}

/** The state after each of these has approved. */
function later(approval: Approval, ...approvers: readonly string[]): Approval {
  return approvers.reduce((state, by) => approve(state, by).approval, approval);
}

describe("opening an approval", () => {
  it("asks everybody of the first level, once each, and nobody of the next", () => {
    const policy = policyOf([{ approvers: [ANNA, "ANNA@X.com", BERT], deadline: 60 }, { approvers: [CARL] }]);
    const step = openApproval(policy, SUBJECT, START);
    assert.deepEqual(told(step), ["asked anna@x.com", "asked bert@x.com"]);
    assert.ok(step.events.every((event) => event.kind === "asked" && event.dueAt === START + HOUR && event.level === 0));
  });

  it("shares policy and items with every later state, so that a thousand items are never copied", () => {
    const subject = { ...SUBJECT, items: Array.from({ length: 1_000 }, (_, index) => `item ${index}`) };
    const policy = policyOf([{ need: "all" }]);
    const { approval } = openApproval(policy, subject, START);
    const { approval: later } = approve(approval, ANNA, { except: ["item 7"] });
    assert.equal(later.policy, policy);
    assert.equal(later.subject, subject);
    assert.deepEqual(later.excepted, ["item 7"]);
  });

  it("does not look at the items for a vote that leaves the level open", () => {
    const { approval } = openApproval(policyOf([{ need: "all" }]), SUBJECT, START);
    const subject = {
      ...SUBJECT,
      get items(): readonly string[] {
        return assert.fail("read the items");
      },
    };
    assert.equal(vote({ ...approval, subject }, { action: "approve", by: ANNA }, START).result, "counted");
  });
});

describe("how many must approve", () => {
  it("any: the first answer decides, whichever it is", () => {
    assert.equal(decidedIn(approve(opened([{ need: "any" }]), BERT)).outcome, "approved");
    assert.equal(decidedIn(reject(opened([{ need: "any" }]), BERT)).outcome, "rejected");
  });

  it("all: everybody approves, one reject ends it", () => {
    const two = later(opened([{ need: "all" }]), ANNA, BERT);
    assert.equal(two.status, "open");
    assert.equal(decidedIn(approve(two, CARL)).outcome, "approved");
    assert.equal(decidedIn(reject(two, CARL)).outcome, "rejected");
  });

  it("a number: a minority that rejects is outvoted", () => {
    const one = reject(opened([{ need: 2 }]), ANNA).approval;
    assert.equal(one.status, "open");
    assert.equal(decidedIn(approve(later(one, BERT), CARL)).outcome, "approved");
  });

  it("a number: ends as soon as too few are left to reach it", () => {
    const one = reject(opened([{ need: 2 }]), ANNA).approval;
    assert.equal(decidedIn(reject(one, BERT)).outcome, "rejected");
  });

  it("one is not any: a reject leaves it to the others", () => {
    assert.equal(decidedIn(approve(reject(opened([{ need: 1 }]), ANNA).approval, BERT)).outcome, "approved");
  });

  it("a percentage: rounded up, of those who may vote", () => {
    const three = [ANNA, BERT, CARL];
    assert.equal(later(opened([{ need: "34%", approvers: three }]), ANNA).status, "open");
    assert.equal(later(opened([{ need: "33%", approvers: three }]), ANNA).status, "approved");
    // The requester is not asked and does not count.
    assert.equal(later(opened([{ need: "50%", approvers: [...three, DORA, RITA] }]), ANNA, BERT).status, "approved");
  });
});

describe("what an approval waits for", () => {
  const names = (approval: Approval): string[] => waitingFor(approval).map(({ email }) => email);

  it("is told while it is open: who has not answered, and how the quorum stands", () => {
    const one = reject(opened([{ need: 2 }]), ANNA).approval;
    assert.deepEqual(names(one), [BERT, CARL]);
    assert.deepEqual(tally(one), { asked: 3, needed: 2, approvals: 0, rejects: 1 });
    assert.deepEqual(names(later(one, BERT, CARL)), []);
  });

  it("includes those it was escalated to, once each, beside the quorum", () => {
    const approval = opened([{ approvers: [ANNA, BERT], need: "all", deadline: 60, onDeadline: "escalate", escalateTo: [BERT, DORA] }]);
    const { approval: escalated } = wake(approval, START + HOUR);
    assert.deepEqual(names(escalated), [ANNA, BERT, DORA]);
    assert.deepEqual(tally(escalated), { asked: 2, needed: 2, approvals: 0, rejects: 0 });
  });

  it("is nobody where too few were found to be asked", () => {
    assert.deepEqual(names(opened([{ approvers: [ANNA], need: 2 }])), []);
  });
});

describe("levels", () => {
  const levels = [
    { approvers: [ANNA], deadline: 60 },
    { approvers: [BERT], deadline: 120 },
  ];

  it("come one after the other, each with its own deadline", () => {
    const step = approve(opened(levels), ANNA);
    assert.deepEqual(told(step), ["asked bert@x.com"]);
    assert.equal(step.approval.level, 1);
    assert.equal(step.approval.dueAt, START + MINUTE + 2 * HOUR);
    assert.equal(decidedIn(approve(step.approval, BERT)).level, 1);
  });

  it("tell who comes too early, and who comes late and by whom the level was passed", () => {
    assert.equal(approve(opened(levels), BERT, { level: 1 }).why, "LEVEL_NOT_OPEN");
    const passed = approve(opened([{ approvers: [ANNA, CARL] }, { approvers: [BERT] }]), ANNA).approval;
    const late = vote(passed, { action: "reject", by: CARL, level: 0 }, START + HOUR);
    assert.deepEqual([late.result, late.decidedBy, late.at], ["late", ANNA, START + MINUTE]);
  });

  describe("when a vote names none", () => {
    const both = [{ approvers: [ANNA, CARL] }, { approvers: [ANNA, BERT], need: "all" }];
    const passed = (more: object = {}): Approval => approve(opened(both, more), ANNA).approval;

    it("are the one that the person was asked on, and tell who was first", () => {
      const late = reject(passed(), CARL);
      assert.deepEqual([late.result, late.why, late.decidedBy, late.at], ["late", undefined, ANNA, START + MINUTE]);
      assert.deepEqual(late.events, []);
    });

    it("are not taken twice by one message that a chat delivers twice, although one person may vote on both", () => {
      const once = passed({ allowSamePersonTwice: true });
      const twice = approve(once, ANNA);
      assert.deepEqual([twice.result, twice.decidedBy, twice.approval.level], ["repeated", ANNA, 1]);
      assert.equal(twice.approval.votes.length, 1);
      const named = approve(twice.approval, ANNA, { level: 1 });
      assert.deepEqual([named.result, named.approval.votes.length], ["counted", 2], "with its level it counts");
    });

    it("tell a message that comes again that it is known, whoever may not vote on the present one", () => {
      assert.equal(approve(passed(), ANNA).result, "repeated");
      assert.deepEqual([reject(passed(), ANNA).result, reject(passed(), ANNA).why], ["forbidden", "VOTED_ON_OTHER_LEVEL"]);
    });

    it("are the present one for everybody asked there, and tell strangers nothing", () => {
      assert.equal(approve(passed(), BERT).result, "counted");
      assert.deepEqual([approve(passed(), "eve@x.com").result, approve(passed(), "eve@x.com").decidedBy], ["forbidden", undefined]);
    });
  });

  it("end with the first that is rejected", () => {
    const step = reject(opened(levels), ANNA, { reason: "too big" });
    const decided = decidedIn(step);
    assert.deepEqual([decided.outcome, decided.cause, decided.by, decided.reason], ["rejected", "vote", ANNA, "too big"]);
    assert.deepEqual(decided.rejectedItems, SUBJECT.items);
    assert.deepEqual(decided.approvedItems, []);
  });
});

describe("a vote", () => {
  it("is known by alias, in any case", () => {
    const approval = opened([{ approvers: [{ email: "Anna@x.com", aliases: ["U024BE7LH"] }] }]);
    assert.equal(approve(approval, " u024be7lh ").result, "counted");
  });

  it("said again changes nothing, also when it was the one that decided", () => {
    const first = approve(opened([{ need: "any" }]), ANNA);
    const again = vote(first.approval, { action: "approve", by: ANNA }, START + HOUR);
    assert.deepEqual([again.result, again.decidedBy, again.at, again.events.length], ["repeated", ANNA, START + MINUTE, 0]);
    assert.equal(again.approval, first.approval);
  });

  it("is no person's under an alias that two have", () => {
    const both = { email: ANNA, aliases: ["U1"] };
    const policy = { ...policyOf([{}]), fallback: [both, { email: BERT, aliases: ["u1"] }] };
    const { approval } = openApproval(policy, SUBJECT, START);
    assert.equal(identify(approval, "U1"), "u1");
    assert.equal(approve(approval, "U1").why, "NOT_APPROVER");
  });

  it("stands: the same person's other mind is refused", () => {
    const one = later(opened([{ need: "all" }]), ANNA);
    assert.equal(reject(one, ANNA).why, "ALREADY_VOTED");
    assert.equal(approve(one, ANNA, { except: ["one"] }).why, "ALREADY_VOTED");
  });

  it("after the decision is late and told who decided what and when; an outsider learns nothing", () => {
    const { approval } = reject(opened([{ need: "any" }]), ANNA, { reason: "no" });
    const late = vote(approval, { action: "approve", by: BERT }, START + HOUR);
    assert.equal(late.result, "late");
    assert.deepEqual(late.decision, { outcome: "rejected", cause: "vote", by: ANNA, reason: "no", at: START + MINUTE });
    const stranger = vote(approval, { action: "approve", by: "eve@x.com" }, START + HOUR);
    assert.deepEqual([stranger.result, stranger.why, stranger.decision], ["forbidden", "NOT_APPROVER", undefined]);
  });

  it("of 100 opposite ones leaves one outcome, and tells each loser the same", () => {
    const people = Array.from({ length: 100 }, (_, index) => `p${index}@x.com`);
    let approval = opened([{ approvers: people }]);
    const results = people.map((by, index) => {
      const step = vote(approval, { action: index % 2 === 0 ? "approve" : "reject", by }, START + index);
      approval = step.approval;
      return step;
    });
    assert.equal(results.filter(({ result }) => result === "counted").length, 1);
    assert.equal(results.flatMap(({ events }) => events).length, 1);
    assert.ok(results.slice(1).every(({ result, decidedBy }) => result === "late" && decidedBy === "p0@x.com"));
  });

  const reasons: readonly (readonly [rule: string, refused: readonly string[]])[] = [
    ["never", []],
    ["reject", ["reject", "approve with exceptions"]],
    ["always", ["approve", "reject", "approve with exceptions"]],
  ];
  for (const [rule, refused] of reasons) {
    it(`needs a reason: ${rule}`, () => {
      const approval = opened([{ need: "all" }], { requireReason: rule });
      const tries = (reason: string): Record<string, VoteStep> => ({
        approve: approve(approval, ANNA, { reason }),
        reject: reject(approval, ANNA, { reason }),
        "approve with exceptions": approve(approval, ANNA, { reason, except: ["one"] }),
      });
      const without = Object.entries(tries(" ")).filter(([, { why }]) => why === "REASON_REQUIRED");
      assert.deepEqual(
        without.map(([name]) => name),
        refused,
      );
      assert.ok(Object.values(tries("because")).every(({ result }) => result === "counted"));
    });
  }
});

describe("who may not vote", () => {
  it("the requester, who is not asked and told why; also under another address", () => {
    const policy = policyOf([{ approvers: [ANNA, { email: "r.smith@x.com", aliases: [RITA] }] }]);
    const step = openApproval(policy, SUBJECT, START);
    assert.deepEqual(told(step), ["asked anna@x.com"]);
    assert.equal(approve(step.approval, RITA).why, "SELF_APPROVAL");
    assert.equal(approve(step.approval, "r.smith@x.com").why, "SELF_APPROVAL");
  });

  it("the requester may where it is allowed", () => {
    const approval = opened([{ approvers: [RITA] }], { allowSelfApproval: true });
    assert.equal(approve(approval, RITA).approval.status, "approved");
  });

  it("the requester, however either address is spelled", () => {
    const spellings = [
      '"rita"@x.com',
      "rita(assistant)@x.com",
      "(me) Rita @ X.com.",
      "Rita Smith <rita@x.com>",
      "rita+cloud@x.com",
      '"ri\\ta"@x.com',
      "ri\u200bta@x.com",
      "\uff52ita@x.com",
    ];
    for (const spelling of spellings) {
      const step = openApproval(policyOf([{ approvers: [ANNA, RITA] }]), { ...SUBJECT, requester: spelling }, START);
      assert.ok(!told(step).includes("asked rita@x.com"), spelling);
      assert.notEqual(approve(step.approval, RITA).result, "counted", spelling);
    }
    const unseen = { ...SUBJECT, requester: "ri\u200bta@x.com" };
    const helped = openApproval(policyOf([{ approvers: [ANNA] }], { noApprover: "fallback", fallback: [RITA, DORA] }), unseen, START);
    assert.deepEqual(told(helped), ["asked dora@x.com"], "who asked is not sure, but it may have been Rita");
    for (const spelling of ["Rita@X.com.", "rita+boss@x.com"]) {
      const step = openApproval(policyOf([{ approvers: [ANNA, spelling] }]), SUBJECT, START);
      assert.deepEqual(told(step), ["asked anna@x.com"], spelling);
      assert.equal(approve(step.approval, spelling).why, "SELF_APPROVAL", spelling);
      const handed = command(step.approval, { action: "delegate", by: ANNA, to: { email: spelling } }, START);
      assert.equal(handed.why, "SELF_APPROVAL", spelling);
    }
  });

  it("the requester, by account or login, whatever address is given there", () => {
    const people = {
      ADMIN: [
        { email: "r.smith@x.com", account: "7" },
        { email: BERT, account: "8" },
      ],
    };
    const policy = resolvePolicy(parsePolicy({ levels: [{ approvers: ["role:ADMIN", { email: CARL, aliases: ["rsmith"] }] }] }), people);
    const byAccount = openApproval(policy, { ...SUBJECT, requesterAccount: "7" }, START);
    assert.deepEqual(told(byAccount), ["asked bert@x.com", "asked carl@x.com"]);
    assert.equal(approve(byAccount.approval, "r.smith@x.com").why, "SELF_APPROVAL");
    const byLogin = openApproval(policy, { ...SUBJECT, requesterNames: ["RSmith"] }, START);
    assert.deepEqual(told(byLogin), ["asked r.smith@x.com", "asked bert@x.com"]);
    const bypass = { action: "bypass", reason: "now" } as const;
    assert.equal(command(byLogin.approval, { ...bypass, by: "rsmith" }, START).why, "SELF_APPROVAL");
    assert.equal(command(byAccount.approval, { ...bypass, by: "R.Smith@x.com" }, START).why, "SELF_APPROVAL");
    const fallback = { ...policy, noApprover: "fallback", fallback: [people.ADMIN[0]!] } as const;
    assert.deepEqual(
      told(
        openApproval(
          { ...fallback, levels: [{ ...policy.levels[0]!, approvers: [] }] },
          { id: "a1", items: [], requesterAccount: "7" },
          START,
        ),
      ),
      [],
    );
  });

  it("the requester, through all that one person is called", () => {
    const chain = [{ email: "r1@x.com", aliases: [RITA, "r2@x.com"] }, { email: ANNA }];
    const { approval } = openApproval(policyOf([{ approvers: chain }]), SUBJECT, START);
    const to = { email: "r3@x.com", aliases: ["r2+x@x.com"] };
    assert.equal(command(approval, { action: "delegate", by: ANNA, to }, START).why, "SELF_APPROVAL");
  });

  it("anybody while the requester is unknown, because it might be that person", () => {
    const step = openApproval(policyOf([{}]), { id: "a1", items: ["one"] }, START);
    assert.deepEqual(step.events, [{ kind: "stuck", level: 0, why: "REQUESTER_UNKNOWN" }]);
    assert.equal(approve(step.approval, ANNA).why, "REQUESTER_UNKNOWN");
    const nobody = openApproval(policyOf([{ approvers: [] }]), { id: "a1", items: ["one"] }, START);
    assert.deepEqual(nobody.events, [{ kind: "stuck", level: 0, why: "NO_APPROVER" }], "where nobody is named, that is what is wrong");
    assert.equal(step.approval.status, "open");
  });

  it("anybody while the requester is but a name, which no vote can be compared with", () => {
    for (const requester of ["", " ", "Rita Smith"]) {
      const step = openApproval(policyOf([{}]), { ...SUBJECT, requester }, START);
      assert.deepEqual(step.events, [{ kind: "stuck", level: 0, why: "REQUESTER_UNKNOWN" }]);
      assert.equal(step.approval.subject.requester, undefined);
    }
    const named = openApproval(policyOf([{ approvers: [ANNA, { email: BERT, aliases: ["U7"] }] }]), { ...SUBJECT, requester: "u7" }, START);
    assert.deepEqual(told(named), ["asked anna@x.com"]);
  });

  it("an unknown requester is of no matter where self-approval is allowed", () => {
    const { approval } = openApproval(policyOf([{}], { allowSelfApproval: true }), { id: "a1", items: ["one"] }, START);
    assert.equal(approve(approval, ANNA).result, "counted");
  });

  it("who voted on an earlier level, unless allowed; who did not vote there may", () => {
    const levels = [{ approvers: [ANNA, BERT] }, { approvers: [ANNA, BERT] }];
    const second = later(opened(levels), ANNA);
    assert.equal(approve(second, ANNA, { level: 1 }).why, "VOTED_ON_OTHER_LEVEL");
    assert.equal(approve(second, BERT, { level: 1 }).approval.status, "approved");
    const allowed = later(opened(levels, { allowSamePersonTwice: true }), ANNA);
    assert.equal(approve(allowed, ANNA, { level: 1 }).approval.status, "approved");
  });
});

describe("too few approvers", () => {
  it("keeps the request and says so; a person put there makes it go on, with its whole deadline", () => {
    const step = openApproval(policyOf([{ approvers: [RITA], deadline: 60, onDeadline: "reject" }]), SUBJECT, START);
    assert.deepEqual(step.events, [{ kind: "stuck", level: 0, why: "NO_APPROVER" }]);
    assert.equal(nextWake(step.approval), undefined);
    const put = command(step.approval, { action: "reassign", to: { email: DORA }, by: "admin" }, START + 5 * HOUR);
    assert.deepEqual(told(put), ["asked dora@x.com"]);
    assert.equal(nextWake(put.approval), START + 6 * HOUR);
    assert.equal(put.approval.stuck, undefined);
  });

  it("are recognised at once when the requester is one of those needed", () => {
    const policy = policyOf([{ approvers: [ANNA, RITA], need: 2 }]);
    const step = openApproval(policy, SUBJECT, START);
    assert.deepEqual(step.events, [{ kind: "stuck", level: 0, why: "TOO_FEW_APPROVERS" }]);
    assert.equal(approve(step.approval, ANNA).why, "TOO_FEW_APPROVERS");
    const put = command(step.approval, { action: "reassign", to: { email: DORA }, by: "admin" }, START);
    assert.deepEqual(told(put), ["asked anna@x.com", "asked dora@x.com"]);
  });

  it("may be changed for others while they are, each in the place of the one before", () => {
    const { approval } = openApproval(policyOf([{ approvers: [ANNA, BERT], need: 3 }]), SUBJECT, START);
    const put = command(approval, { action: "reassign", from: ANNA, to: { email: DORA }, by: "admin" }, START);
    assert.deepEqual(
      put.approval.seats.map(({ person }) => person.email),
      [DORA, BERT],
    );
    assert.equal(put.approval.stuck, "TOO_FEW_APPROVERS");
  });

  it("reject the request where the policy says so, on a later level too", () => {
    const first = openApproval(policyOf([{ approvers: [] }], { noApprover: "reject" }), SUBJECT, START);
    assert.deepEqual([decidedIn(first).outcome, decidedIn(first).cause, decidedIn(first).by], ["rejected", "no-approver", undefined]);
    const later = approve(opened([{ approvers: [ANNA] }, { approvers: [ANNA] }], { noApprover: "reject" }), ANNA);
    assert.equal(later.result, "counted");
    assert.equal(decidedIn(later).cause, "no-approver");
    const few = openApproval(policyOf([{ approvers: [ANNA], need: 2 }], { noApprover: "reject" }), SUBJECT, START).approval;
    assert.equal(approve(few, ANNA).result, "late", "somebody named for it is told how it ended");
  });

  it("are helped out by the fallback, which also answers for an unknown requester", () => {
    const fallback = { noApprover: "fallback", fallback: DORA };
    const none = openApproval(policyOf([{ approvers: [] }], fallback), SUBJECT, START);
    assert.deepEqual(told(none), ["asked dora@x.com"]);
    const few = openApproval(policyOf([{ approvers: [ANNA], need: 2 }], fallback), SUBJECT, START);
    assert.deepEqual(told(few), ["asked anna@x.com", "asked dora@x.com"]);
    const unknown = openApproval(policyOf([{}], fallback), { id: "a1", items: ["one"] }, START);
    assert.deepEqual(told(unknown), ["asked dora@x.com"]);
    assert.equal(approve(unknown.approval, DORA).approval.status, "approved");
  });

  it("stay too few where the fallback is the requester", () => {
    const policy = policyOf([{ approvers: [] }], { noApprover: "fallback", fallback: RITA });
    assert.deepEqual(openApproval(policy, SUBJECT, START).events, [{ kind: "stuck", level: 0, why: "NO_APPROVER" }]);
  });
});

describe("exceptions of a group", () => {
  it("are rejected while the rest is approved, with who left them out and why", () => {
    const decided = decidedIn(approve(opened([{}]), ANNA, { except: ["two"], reason: "too big" }));
    assert.equal(decided.outcome, "approved");
    assert.deepEqual(decided.approvedItems, ["one", "three"]);
    assert.deepEqual(decided.rejectedItems, ["two"]);
    assert.deepEqual(
      decided.exceptions.map(({ by, except, reason }) => ({ by, except, reason })),
      [{ by: ANNA, except: ["two"], reason: "too big" }],
    );
  });

  it("add up over votes and levels, each item once", () => {
    const first = approve(opened([{ need: 2 }, { approvers: [CARL] }]), ANNA, { except: ["three"] }).approval;
    const second = approve(first, BERT, { except: ["three"] }).approval;
    const decided = decidedIn(approve(second, CARL, { except: ["one"], level: 1 }));
    assert.deepEqual([decided.approvedItems, decided.rejectedItems], [["two"], ["one", "three"]]);
  });

  it("of everything that is left are a reject", () => {
    const whole = approve(opened([{}]), ANNA, { except: SUBJECT.items });
    assert.equal(decidedIn(whole).outcome, "rejected");
    assert.equal(vote(whole.approval, { action: "approve", by: ANNA, except: SUBJECT.items }, START + HOUR).result, "repeated");
    const first = approve(opened([{ approvers: [ANNA] }, { approvers: [BERT] }]), ANNA, { except: ["one", "two"] }).approval;
    assert.equal(decidedIn(approve(first, BERT, { except: ["three"] })).outcome, "rejected");
  });

  it("of everything left, when outvoted, leave nothing out", () => {
    const one = approve(opened([{ need: 2 }]), ANNA, { except: SUBJECT.items, reason: "none" }).approval;
    const decided = decidedIn(approve(later(one, BERT), CARL));
    assert.deepEqual([decided.outcome, decided.rejectedItems, decided.exceptions], ["approved", [], []]);
  });

  it("stand when a deadline approves the rest", () => {
    const one = approve(opened([{ need: "all", deadline: 60, onDeadline: "approve" }]), ANNA, { except: ["two"] }).approval;
    assert.deepEqual(decidedIn(wake(one, START + HOUR)).rejectedItems, ["two"]);
  });

  it("are no matter for a request without items", () => {
    const { approval } = openApproval(policyOf([{}]), { ...SUBJECT, items: [] }, START);
    assert.equal(decidedIn(approve(approval, ANNA)).outcome, "approved");
  });

  it("are refused for unknown items and beside a reject, whose meaning they would turn round", () => {
    assert.equal(approve(opened([{}]), ANNA, { except: ["four"] }).why, "ITEM_UNKNOWN");
    assert.equal(reject(opened([{}]), ANNA, { except: ["one"] }).why, "EXCEPT_WITH_REJECT");
  });
});

describe("a deadline", () => {
  it("waits by default: it passes, and people still decide", () => {
    const step = wake(opened([{ deadline: 60 }]), START + HOUR);
    assert.deepEqual(step.events, []);
    assert.equal(step.approval.overdue, true);
    assert.equal(nextWake(step.approval), undefined);
    assert.equal(vote(step.approval, { action: "approve", by: ANNA }, START + 9 * HOUR).approval.status, "approved");
  });

  it("rejects or approves, once, however late it is noticed", () => {
    for (const [onDeadline, outcome] of [
      ["reject", "rejected"],
      ["approve", "approved"],
    ] as const) {
      const approval = opened([{ deadline: 60, onDeadline }]);
      assert.equal(wake(approval, START + HOUR - 1).approval, approval);
      const step = wake(restarted(approval), START + 1000 * HOUR);
      assert.deepEqual([decidedIn(step).outcome, decidedIn(step).cause], [outcome, "deadline"]);
      assert.deepEqual(wake(step.approval, START + 2000 * HOUR).events, []);
    }
  });

  it("comes before a vote that arrives after it, even if nobody woke the approval", () => {
    const step = vote(opened([{ deadline: 60, onDeadline: "reject" }]), { action: "approve", by: ANNA }, START + HOUR);
    assert.equal(step.result, "late");
    assert.equal(step.decidedBy, undefined);
    assert.equal(decidedIn(step).outcome, "rejected");
  });

  it("that approves a level starts the next one from now, not from when it was due", () => {
    const levels = [
      { deadline: 60, onDeadline: "approve" },
      { approvers: [DORA], deadline: 60, onDeadline: "reject" },
    ];
    const step = wake(opened(levels), START + 100 * HOUR);
    assert.deepEqual(told(step), ["asked dora@x.com"]);
    assert.equal(nextWake(step.approval), START + 101 * HOUR);
  });

  it("escalates once, then waits; one answer of those escalated to decides, the first approvers may still", () => {
    const approval = opened([{ need: "all", deadline: 60, onDeadline: "escalate", escalateTo: [DORA] }]);
    const { approval: escalated, ...step } = wake(approval, START + HOUR);
    assert.deepEqual(told({ approval: escalated, ...step }), ["escalated dora@x.com"]);
    assert.equal(nextWake(escalated), undefined);
    for (const action of ["approve", "reject"] as const) {
      const answer = vote(later(escalated, ANNA), { action, by: DORA }, START + 2 * HOUR);
      assert.equal(decidedIn(answer).outcome, action === "approve" ? "approved" : "rejected");
    }
    assert.equal(later(escalated, ANNA, BERT, CARL).status, "approved");
  });

  it("that finds nobody to escalate to says so, or rejects, or asks the fallback", () => {
    const escalating = (more: object): ReturnType<typeof wake> =>
      wake(opened([{ deadline: 60, onDeadline: "escalate", escalateTo: [RITA] }], more), START + HOUR);
    const kept = escalating({});
    assert.deepEqual(kept.events, [{ kind: "stuck", level: 0, why: "NOBODY_TO_ESCALATE_TO" }]);
    assert.equal(later(kept.approval, ANNA).status, "approved");
    const put = command(kept.approval, { action: "reassign", to: { email: DORA }, by: "admin" }, START + HOUR);
    assert.equal(put.approval.stuck, undefined);
    assert.equal(decidedIn(escalating({ noApprover: "reject" })).cause, "no-approver");
    assert.deepEqual(told(escalating({ noApprover: "fallback", fallback: DORA })), ["escalated dora@x.com"]);
  });

  it("counts business hours where there are any", () => {
    const calendar = { timeZone: "Europe/Madrid", days: [1, 2, 3, 4, 5], from: "09:00", to: "18:00", holidays: ["2026-11-24"] };
    const approval = opened([{ deadline: 600, remindEvery: 540 }], { calendar });
    assert.equal(approval.dueAt, Date.parse("2026-11-25T11:00:00Z"));
    assert.equal(approval.nextReminderAt, Date.parse("2026-11-25T10:00:00Z"));
  });
});

describe("reminders", () => {
  it("go to those who have not answered, each time under a new id", () => {
    const one = later(opened([{ need: "all", remindEvery: 30 }]), ANNA);
    const first = wake(one, START + 30 * MINUTE);
    assert.deepEqual(told(first), ["reminder bert@x.com", "reminder carl@x.com"]);
    const second = wake(first.approval, START + HOUR);
    assert.deepEqual(told(second), told(first));
    const ids = [...first.events, ...second.events].map((event) => ("notification" in event ? event.notification : ""));
    assert.equal(new Set(ids).size, 4);
  });

  it("name the deadline only while it is ahead", () => {
    const approval = opened([{ approvers: [ANNA], deadline: 60, remindEvery: 40 }]);
    const dues = [40, 80].map((minutes) => wake(approval, START + minutes * MINUTE).events.map((event) => "dueAt" in event));
    assert.deepEqual(dues, [[true], [false]]);
  });

  it("that were missed come as one", () => {
    const step = wake(opened([{ remindEvery: 30 }]), START + 1000 * HOUR);
    assert.equal(step.events.length, 3);
    assert.equal(nextWake(step.approval), START + 1000 * HOUR + 30 * MINUTE);
  });

  it("are left out at the moment of an escalation, and go on after it to everybody", () => {
    const escalated = wake(opened([{ deadline: 60, onDeadline: "escalate", escalateTo: [DORA], remindEvery: 60 }]), START + HOUR);
    assert.deepEqual(told(escalated), ["escalated dora@x.com"]);
    const reminded = wake(escalated.approval, START + 2 * HOUR);
    assert.deepEqual(
      told(reminded).map((text) => text.split(" ")[1]),
      [ANNA, BERT, CARL, DORA],
    );
  });
});

describe("the outcome", () => {
  it("is told to everybody who was asked and to the requester, each once", () => {
    const decided = decidedIn(approve(later(opened([{ approvers: [ANNA, BERT] }, { approvers: [CARL, BERT] }]), ANNA), CARL));
    assert.deepEqual(
      decided.notices.map(({ person, requester }) => [person.email, requester]),
      [
        [ANNA, false],
        [BERT, false],
        [CARL, false],
        [RITA, true],
      ],
    );
  });

  it("may be a withdrawal, which later votes are told", () => {
    const step = command(opened([{}]), { action: "withdraw", by: "Abiquo", reason: "decided there" }, START + MINUTE);
    assert.deepEqual(
      step.events.map(({ kind }) => kind),
      ["withdrawn"],
    );
    const late = vote(step.approval, { action: "approve", by: ANNA }, START + HOUR);
    assert.deepEqual([late.result, late.decision?.outcome, late.decidedBy, late.at], ["late", "withdrawn", "Abiquo", START + MINUTE]);
    assert.equal(command(step.approval, { action: "withdraw", by: "Abiquo" }, START + HOUR).result, "repeated");
    assert.equal(command(step.approval, { action: "bypass", by: "boss", reason: "now" }, START + HOUR).result, "late");
  });
});

describe("handing over", () => {
  const boss = { email: DORA };

  it("moves the own vote to somebody else, who is asked; the first person is told where it went", () => {
    const step = command(opened([{ need: "all" }]), { action: "delegate", by: ANNA, to: boss, reason: "holiday" }, START + MINUTE);
    assert.deepEqual(told(step), ["asked dora@x.com"]);
    assert.equal(approve(step.approval, ANNA).why, "HANDED_OVER");
    assert.equal(later(step.approval, DORA, BERT, CARL).status, "approved");
  });

  it("works by alias and in any case, and keeps the address as it is written in the policy", () => {
    const approval = opened([{ approvers: [{ email: "Anna@x.com", aliases: ["U1"] }, BERT], need: "all" }]);
    const step = command(approval, { action: "delegate", by: "u1", to: boss }, START);
    assert.deepEqual(
      step.approval.seats.map(({ person }) => person.email),
      [DORA, BERT],
    );
    assert.equal(step.approval.history.at(-1)?.by, "Anna@x.com");
  });

  it("counts as the vote of both, so that neither decides on another level", () => {
    const levels = [{ approvers: [ANNA] }, { approvers: [ANNA, DORA, CARL] }];
    const handed = command(opened(levels), { action: "delegate", by: ANNA, to: boss }, START).approval;
    const second = later(handed, DORA);
    assert.equal(approve(second, ANNA, { level: 1 }).why, "VOTED_ON_OTHER_LEVEL");
    assert.equal(approve(second, DORA, { level: 1 }).why, "VOTED_ON_OTHER_LEVEL");
  });

  it("is refused while too few were found, so that nobody has been asked", () => {
    const found = opened([{ approvers: [ANNA], need: 2 }]);
    assert.equal(command(found, { action: "delegate", by: ANNA, to: boss }, START).why, "TOO_FEW_APPROVERS");
    assert.equal(command(found, { action: "delegate", by: BERT, to: boss }, START).why, "NOT_APPROVER");
  });

  it("may be switched off", () => {
    const step = command(opened([{}], { delegation: false }), { action: "delegate", by: ANNA, to: boss }, START);
    assert.deepEqual([step.result, step.why], ["forbidden", "DELEGATION_OFF"]);
  });

  it("is refused to the requester, to who is asked anyway, and for a vote already given", () => {
    const hand = (from: string, to: string): string | undefined =>
      command(later(opened([{ need: "all" }]), BERT), { action: "delegate", by: from, to: { email: to } }, START + MINUTE).why;
    assert.equal(hand(ANNA, RITA), "SELF_APPROVAL");
    assert.equal(hand(ANNA, CARL), "ALREADY_APPROVER");
    assert.equal(hand(BERT, DORA), "ALREADY_VOTED");
    assert.equal(hand("eve@x.com", DORA), "NOT_APPROVER");
  });

  it("is limited to the domains and addresses of a list, compared in one spelling and exactly", () => {
    const approval = opened([{ need: "all" }], { delegation: "example.com, dora@x.com" });
    const hand = (to: string): string | undefined => command(approval, { action: "delegate", by: ANNA, to: { email: to } }, START).why;
    assert.deepEqual(["eve@Example.com", "eve@example.com.", "DORA@x.com"].map(hand), [undefined, undefined, undefined]);
    const outside = ["eve@x.com", "eve@sub.example.com", "eve@example.com.evil.com", "dora+1@x.com", "eve@badexample.com"];
    assert.deepEqual(
      outside.map(hand),
      outside.map(() => "DELEGATE_NOT_LISTED"),
    );
    assert.equal(command(approval, { action: "reassign", from: ANNA, to: { email: "eve@x.com" }, by: "admin" }, START).result, "done");
  });

  it("keeps the name that is given for somebody known, under the known address", () => {
    const levels = [{ approvers: [ANNA], need: "all" }, { approvers: [{ email: DORA, name: "D.", aliases: ["U4"] }] }];
    const { approval } = command(
      opened(levels),
      { action: "reassign", from: ANNA, to: { email: "Dora@X.com", name: "Dora" }, by: "admin" },
      START,
    );
    assert.deepEqual(approval.seats, [{ person: { email: DORA, name: "Dora", aliases: ["U4"] } }]);
  });

  it("takes no alias from whom it belongs to", () => {
    const levels = [{ approvers: [ANNA] }, { approvers: [{ email: CARL, aliases: ["U-C"] }] }];
    const handed = command(opened(levels), { action: "delegate", by: ANNA, to: { email: DORA, aliases: ["U-C", "U-D"] } }, START).approval;
    assert.equal(approve(later(handed, "U-D"), "U-C").approval.status, "approved");
  });

  it("by reassignment puts one person in the place of all who have not answered", () => {
    const step = command(later(opened([{ need: "all" }]), ANNA), { action: "reassign", to: boss, by: "admin" }, START + MINUTE);
    assert.deepEqual(
      step.approval.seats.map(({ person }) => person.email),
      [ANNA, DORA],
    );
    assert.equal(later(step.approval, DORA).status, "approved");
  });

  it("by reassignment is refused where the need could no longer be met", () => {
    assert.equal(command(opened([{ need: 2 }]), { action: "reassign", to: boss, by: "admin" }, START).why, "TOO_FEW_APPROVERS");
    assert.equal(command(opened([{ need: 2 }]), { action: "reassign", to: boss, from: ANNA, by: "admin" }, START).result, "done");
  });

  const four = { approvers: [ANNA, BERT, CARL, "fred@x.com"] };
  const reassign = { action: "reassign", to: boss, by: "admin" } as const;

  it("by reassignment ends the level at once when fewer people make the votes given enough; nobody is asked in vain", () => {
    const one = approve(opened([{ ...four, need: "50%", deadline: 60, onDeadline: "reject" }]), ANNA, { reason: "fine" }).approval;
    const step = command(one, reassign, START + 2 * MINUTE);
    const decided = decidedIn(step);
    assert.deepEqual([decided.outcome, decided.cause, decided.by, decided.reason], ["approved", "vote", ANNA, "fine"]);
    assert.deepEqual([step.result, step.decidedBy, step.at, told(step)], ["done", ANNA, START + 2 * MINUTE, []]);
    const late = reject(step.approval, DORA);
    assert.deepEqual([late.result, late.decidedBy], ["late", ANNA]);
  });

  it("by reassignment goes on to the next level where the votes given are enough", () => {
    const one = later(opened([{ ...four, need: "50%" }, { approvers: ["gina@x.com"] }]), ANNA);
    const step = command(one, reassign, START + 2 * MINUTE);
    assert.deepEqual([step.approval.level, told(step)], [1, ["asked gina@x.com"]]);
  });

  it("by reassignment is decided by who approved, also where a reject came last", () => {
    const ten = Array.from({ length: 10 }, (_, index) => `p${index}@x.com`);
    const two = reject(later(opened([{ approvers: ten, need: "20%" }]), "p0@x.com"), "p1@x.com").approval;
    const decided = decidedIn(command(two, reassign, START + 2 * MINUTE));
    assert.deepEqual([decided.outcome, decided.by], ["approved", "p0@x.com"]);
  });

  it("by reassignment is refused where the rejects given would leave too few, so that an approval never rejects", () => {
    for (const need of [2, "67%"]) {
      const one = reject(opened([{ ...four, need }]), ANNA).approval;
      const step = command(one, reassign, START + 2 * MINUTE);
      assert.deepEqual([step.result, step.why], ["forbidden", "TOO_FEW_APPROVERS"], String(need));
      assert.equal(step.approval, one);
    }
  });

  it("by reassignment while frozen decides nothing until the votes are let go on", () => {
    const one = later(opened([{ ...four, need: "50%" }]), ANNA);
    const frozen = command(one, { action: "freeze", by: "admin", reason: "audit" }, START + 2 * MINUTE).approval;
    const { approval } = command(frozen, reassign, START + 3 * MINUTE);
    assert.deepEqual([approval.status, nextWake(approval)], ["open", undefined]);
    const thawed = command(restarted(approval), { action: "unfreeze", by: "admin" }, START + HOUR);
    assert.deepEqual([decidedIn(thawed).outcome, decidedIn(thawed).at], ["approved", START + HOUR]);
  });

  it("by reassignment in version 0.1.0 may have left votes that decide: they do so as soon as the request is looked at", () => {
    const open = opened([{ ...four, need: "50%", deadline: 60, onDeadline: "reject" }]);
    const one = later(open, ANNA);
    const kept: Approval = { ...one, seats: [one.seats[0]!, { person: boss }] };
    assert.equal(nextWake(kept), START + MINUTE);
    assert.equal(decidedIn(wake(restarted(kept), START + 100 * HOUR)).outcome, "approved");
    const step = reject(kept, DORA);
    assert.deepEqual([step.result, decidedIn(step).outcome, decidedIn(step).by], ["late", "approved", ANNA]);
  });

  it("leaves those whose place went to somebody else with the answer where it went, the fallback and the escalated too", () => {
    const helped = opened([{ approvers: [] }], { noApprover: "fallback", fallback: CARL });
    assert.equal(approve(command(helped, { ...reassign, from: CARL }, START).approval, CARL).why, "HANDED_OVER");
    const late = wake(opened([{ deadline: 60, onDeadline: "escalate", escalateTo: ["gina@x.com"], need: "all" }]), START + HOUR).approval;
    const replaced = command(late, { ...reassign, from: "gina@x.com" }, START + HOUR).approval;
    assert.equal(vote(replaced, { action: "approve", by: "gina@x.com" }, START + HOUR).why, "HANDED_OVER");
  });

  it("is refused to the requester under another address, given as an alias", () => {
    const to = { email: "private@x.com", aliases: [RITA] };
    assert.equal(command(opened([{}]), { action: "delegate", by: ANNA, to }, START).why, "SELF_APPROVAL");
  });

  it("does not make a second person of another address of one mailbox", () => {
    const approval = opened([{ approvers: [ANNA, BERT], need: "all" }]);
    const hand = (to: string): string | undefined => command(approval, { action: "delegate", by: BERT, to: { email: to } }, START).why;
    assert.deepEqual(["anna+x@x.com", "ANNA@x.com."].map(hand), ["ALREADY_APPROVER", "ALREADY_APPROVER"]);
    const levels = [{ approvers: [ANNA, BERT] }, { approvers: [BERT] }];
    const second = later(opened(levels), ANNA);
    assert.equal(
      command(second, { action: "reassign", to: { email: "anna+2@x.com" }, by: "admin" }, START + MINUTE).why,
      "VOTED_ON_OTHER_LEVEL",
    );
    const tagged = later(opened([{ approvers: ["anna+1@x.com"] }, { approvers: [BERT] }]), "anna+1@x.com");
    assert.equal(command(tagged, { action: "reassign", to: { email: ANNA }, by: "admin" }, START + MINUTE).why, "VOTED_ON_OTHER_LEVEL");
  });

  it("does not make a second person of somebody's second address", () => {
    const approval = opened([{ approvers: [{ email: ANNA, aliases: ["anna2@x.com"] }, BERT], need: "all" }]);
    const step = command(approval, { action: "reassign", from: BERT, to: { email: "anna2@x.com" }, by: "admin" }, START);
    assert.equal(step.why, "ALREADY_APPROVER");
  });
});

describe("freezing", () => {
  const freeze = { action: "freeze", by: "admin", reason: "audit" } as const;
  const levels = [{ need: "all", deadline: 60, onDeadline: "reject", remindEvery: 40 }];

  it("stops votes, deadlines and reminders, and goes on with the time that was left", () => {
    const frozen = command(opened(levels), freeze, START + 10 * MINUTE).approval;
    assert.equal(nextWake(frozen), undefined);
    assert.equal(wake(frozen, START + 100 * HOUR).approval, frozen);
    assert.equal(vote(frozen, { action: "approve", by: ANNA }, START + HOUR).why, "FROZEN");
    const thawed = command(restarted(frozen), { action: "unfreeze", by: "admin" }, START + 100 * HOUR).approval;
    assert.equal(thawed.nextReminderAt, START + 100 * HOUR + 30 * MINUTE);
    assert.equal(thawed.dueAt, START + 100 * HOUR + 50 * MINUTE);
    assert.equal(vote(thawed, { action: "approve", by: ANNA }, START + 100 * HOUR).result, "counted");
  });

  it("lets people be replaced, but names no deadline meanwhile, because it will move", () => {
    const frozen = command(opened(levels), freeze, START + MINUTE).approval;
    const put = command(frozen, { action: "reassign", from: ANNA, to: { email: DORA }, by: "admin" }, START + MINUTE);
    assert.deepEqual(told(put), ["asked dora@x.com"]);
    assert.ok(put.events.every((event) => !("dueAt" in event)));
    assert.equal(command(frozen, { action: "delegate", by: ANNA, to: { email: DORA } }, START + MINUTE).why, "FROZEN");
  });

  it("keeps business time, not hours of the clock", () => {
    const calendar = { timeZone: "UTC", days: [1, 2, 3, 4, 5], from: "09:00", to: "17:00", holidays: [] };
    const approval = opened([{ deadline: 120 }], { calendar });
    const frozen = command(approval, freeze, START + HOUR).approval;
    const thawed = command(frozen, { action: "unfreeze", by: "admin" }, Date.parse("2026-11-27T16:30:00Z")).approval;
    assert.equal(thawed.dueAt, Date.parse("2026-11-30T09:30:00Z"));
  });

  it("gives no more time when the clock is set back between the thaw and the next freeze", () => {
    const thaw = { action: "unfreeze", by: "admin" } as const;
    const once = command(command(opened(levels), freeze, START + 10 * MINUTE).approval, thaw, START + 20 * MINUTE).approval;
    const twice = command(command(once, freeze, START).approval, thaw, START + HOUR).approval;
    assert.equal(twice.dueAt, START + HOUR + 50 * MINUTE);
  });

  it("comes too late for what was due before", () => {
    assert.equal(command(opened(levels), freeze, START + HOUR).result, "late");
  });

  it("needs who and why, and is recorded with both", () => {
    assert.equal(command(opened(levels), { ...freeze, reason: " " }, START).why, "REASON_REQUIRED");
    assert.equal(command(opened(levels), { ...freeze, by: "" }, START).why, "BY_REQUIRED");
    assert.deepEqual(command(opened(levels), freeze, START).approval.frozen, { by: "admin", reason: "audit", at: START });
  });

  it("twice, or ended twice, changes nothing", () => {
    const frozen = command(opened(levels), freeze, START).approval;
    assert.equal(command(frozen, freeze, START + HOUR).approval, frozen);
    const open = opened(levels);
    assert.equal(command(open, { action: "unfreeze", by: "admin" }, START).approval, open);
  });
});

describe("the emergency bypass", () => {
  const bypass = { action: "bypass", by: "Boss@x.com", reason: "production is down" } as const;

  it("decides past all levels, also while frozen, with who and why", () => {
    const frozen = command(opened([{}, {}]), { action: "freeze", by: "admin", reason: "audit" }, START).approval;
    const decided = decidedIn(command(frozen, bypass, START + MINUTE));
    assert.deepEqual(
      [decided.outcome, decided.cause, decided.by, decided.reason],
      ["approved", "bypass", "Boss@x.com", "production is down"],
    );
    assert.equal(decidedIn(command(frozen, { ...bypass, outcome: "rejected" }, START)).outcome, "rejected");
  });

  it("is refused without a reason, and to the requester", () => {
    assert.equal(command(opened([{}]), { ...bypass, reason: "" }, START).why, "REASON_REQUIRED");
    assert.equal(command(opened([{}]), { ...bypass, by: RITA }, START).why, "SELF_APPROVAL");
    assert.equal(command(opened([{}]), { ...bypass, by: RITA, outcome: "rejected" }, START).result, "done");
  });
});

describe("waking 100,000 approvals", () => {
  it("gives back each that has nothing due as it is", () => {
    const waiting = opened([{ deadline: 600, remindEvery: 60 }]);
    const all = Array.from({ length: 100_000 }, () => waiting);
    assert.ok(all.every((approval) => wake(approval, START + HOUR - 1).approval === approval));
    assert.ok(wake(waiting, START + HOUR).approval !== waiting);
  });
});
