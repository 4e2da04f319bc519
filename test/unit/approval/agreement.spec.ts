import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Approval,
  type ApprovalEvent,
  type Ballot,
  type Calendar,
  type Command,
  type CommandStep,
  command,
  nextWake,
  openApproval,
  type Policy,
  parsePolicy,
  resolvePolicy,
  type Subject,
  type VoteStep,
  vote,
  wake,
} from "../../../nodes/lib/approval/index.ts";
import { Reference } from "./reference.ts";
import { MINUTE, notifications, restarted } from "./support.ts";

const PEOPLE = ["ann@x.com", "bob@x.com", "cid@x.com", "dee@x.com", "eve@x.com"];
const REQUESTER = "rio@x.com";
const ALIASES = { "u-ann": "ann@x.com", "ann.second@x.com": "ann@x.com" };
/** Bob's address as others may spell it. */
const SPELLINGS = { '"bob"@x.com': "bob@x.com", "bob(at work)@x.com.": "bob@x.com", "bob@x.com.": "bob@x.com" };
const NAMES: Readonly<Record<string, string>> = { ...ALIASES, ...SPELLINGS };
/** Everybody who may try to vote, in all the ways they may be called. */
const VOICES = [
  ...PEOPLE,
  ...PEOPLE,
  ...PEOPLE,
  REQUESTER,
  "U-Ann",
  "ann.second@x.com",
  " BOB@x.com ",
  ...Object.keys(SPELLINGS),
  "outsider@x.com",
];
const ITEMS = ["i1", "i2", "i3"];

const ANN = { email: "ann@x.com", aliases: Object.keys(ALIASES) };

const people = (most: number): fc.Arbitrary<object[]> =>
  fc.subarray(PEOPLE, { maxLength: most }).map((emails) => emails.map((email) => (email === ANN.email ? ANN : { email })));

const level = (withReminders: boolean): fc.Arbitrary<object> =>
  fc.record({
    approvers: fc.oneof(people(5), fc.constant(PEOPLE.map((email) => (email === ANN.email ? ANN : { email })))),
    need: fc.constantFrom("any", "all", 1, 2, 3, "34%", "50%", "67%", "100%"),
    deadline: fc.constantFrom(30, 120, 600),
    onDeadline: fc.constantFrom("wait", "reject", "approve", "escalate", "escalate"),
    escalateTo: people(2),
    remindEvery: withReminders ? fc.constantFrom(0, 20, 90) : fc.constant(0),
  });

/** Business hours around a night in which the clocks change, one change each way. */
const CALENDARS: readonly (Calendar | undefined)[] = [
  undefined,
  { timeZone: "Europe/Madrid", days: [1, 2, 3, 4, 5, 6, 7], from: "01:00", to: "04:30", holidays: [] },
  { timeZone: "America/New_York", days: [1, 5, 6, 7], from: "00:00", to: "24:00", holidays: ["2026-03-30"] },
];
const STARTS = ["2026-03-28T22:00:00Z", "2026-10-24T22:00:00Z", "2026-10-31T20:00:00Z", "2026-03-08T05:00:00Z"].map(Date.parse);

const policies = (withReminders: boolean): fc.Arbitrary<Policy> =>
  fc
    .record({
      levels: fc.array(level(withReminders), { minLength: 1, maxLength: 3 }),
      requireReason: fc.constantFrom("never", "never", "reject", "always"),
      allowSelfApproval: fc.boolean(),
      allowSamePersonTwice: fc.boolean(),
      delegation: fc.constantFrom(true, true, true, false),
      noApprover: fc.constantFrom("keep", "reject", "fallback"),
      // Ann is always somewhere, so that her aliases are known.
      fallback: people(2).map((list) => [...list, ANN]),
      calendar: fc.constantFrom(...CALENDARS),
    })
    .map((given) => resolvePolicy(parsePolicy(given), {}));

const subjects: fc.Arbitrary<Subject> = fc
  .tuple(
    fc.subarray(ITEMS, { minLength: 1 }),
    fc.constantFrom(undefined, REQUESTER, REQUESTER, "ann.second@x.com", "bob@x.com", "bob@X.com."),
  )
  .map(([items, requester]) => ({ id: "approval-1", items, ...(requester === undefined ? {} : { requester }) }));

type Move = { pass: number } & ({ ballot: Ballot } | { given: Command } | { due: true });

const reason = fc.constantFrom("because", "because", "because", "because", " ", undefined);
const spoken = <T extends object>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

const ballots: fc.Arbitrary<Ballot> = fc
  .record({
    level: fc.constantFrom(undefined, undefined, undefined, undefined, undefined, 0, 0, 1, 2),
    action: fc.constantFrom("approve", "approve", "reject"),
    by: fc.constantFrom(...VOICES),
    reason,
    except: fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, fc.subarray(ITEMS), fc.subarray([...ITEMS, "unknown"])),
  })
  .map((each) => spoken(each) as Ballot);

const commands: fc.Arbitrary<Command> = fc
  .record({
    action: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom("reassign", "delegate", "freeze", "unfreeze") },
      { weight: 1, arbitrary: fc.constantFrom("withdraw", "bypass") },
    ),
    by: fc.constantFrom(...PEOPLE, REQUESTER),
    from: fc.constantFrom(undefined, ...PEOPLE),
    to: fc.constantFrom(...PEOPLE, "new@x.com", "ann.second@x.com", REQUESTER).map((email) => ({ email })),
    reason,
    outcome: fc.constantFrom(undefined, "approved", "rejected"),
  })
  .map((each) => spoken(each) as Command);

const moves = (backwards: boolean): fc.Arbitrary<Move[]> =>
  fc.array(
    fc
      .tuple(
        fc.oneof(
          { weight: 6, arbitrary: ballots.map((ballot) => ({ ballot })) },
          { weight: 2, arbitrary: commands.map((given) => ({ given })) },
          { weight: 2, arbitrary: fc.constant({ due: true as const }) },
        ),
        fc.oneof(
          { weight: 5, arbitrary: fc.integer({ min: 0, max: 30 }) },
          { weight: 2, arbitrary: fc.integer({ min: 0, max: 24 * 60 }) },
          ...(backwards ? [{ weight: 2, arbitrary: fc.integer({ min: -600, max: 0 }) }] : []),
        ),
      )
      .map(([move, pass]) => ({ ...move, pass })),
    { maxLength: 30 },
  );

const stories = fc.boolean().chain((backwards) =>
  fc.record({
    // With the clock set back, the moment of a reminder is of no importance, only that it comes.
    policy: policies(!backwards),
    subject: subjects,
    start: fc.constantFrom(...STARTS),
    moves: moves(backwards),
  }),
);

function heard(event: ApprovalEvent): string {
  switch (event.kind) {
    case "asked":
    case "reminder":
    case "escalated":
      return `${event.kind} ${event.level} ${event.person.email}`;
    case "stuck":
      return `stuck ${event.level}`;
    case "decided":
      return `decided ${event.outcome} ${event.cause} ${event.by} yes:${event.approvedItems} no:${event.rejectedItems} to ${audience(event)}`;
    case "withdrawn":
      return `withdrawn ${event.by} to ${audience(event)}`;
  }
}

function audience({ notices }: Extract<ApprovalEvent, { notices: unknown }>): string {
  return notices
    .map(({ person }) => NAMES[person.email.toLowerCase()] ?? person.email)
    .sort()
    .join();
}

function answered(step: VoteStep | CommandStep): string {
  const result = step.why === undefined ? step.result : `${step.result} ${step.why}`;
  return step.at === undefined ? result : `${result} by ${step.decidedBy} at ${step.at}`;
}

/** The parts of a state that the reference knows as well; who holds which place is of no matter once it is closed. */
function summary({ status, level, seats, escalatedTo, excepted, frozen }: Approval): object {
  const emails = (list: Approval["seats"]): string[] => list.map(({ person }) => person.email);
  const closed = { status, level, excepted: [...excepted].sort() };
  return status === "open" ? { ...closed, places: emails(seats), bosses: emails(escalatedTo), frozen: frozen !== undefined } : closed;
}

function referenceSummary({ status, level, places, bosses, excepted, frozen }: Reference): object {
  const emails = (list: Reference["places"]): string[] => list.map(({ email }) => email);
  const closed = { status, level, excepted: [...excepted].sort() };
  return status === "open" ? { ...closed, places: emails(places), bosses: emails(bosses), frozen } : closed;
}

describe("an approval, whatever happens to it", () => {
  it("does what a plain reading of the rules says, step by step, over restarts and changes of the clock", () => {
    fc.assert(
      fc.property(stories, ({ policy, subject, start, moves: story }) => {
        let now = start;
        const first = openApproval(policy, subject, now);
        const reference = new Reference(policy, subject, NAMES, now);
        assert.deepEqual(first.events.map(heard), reference.hear());
        let approval = first.approval;
        for (const move of story) {
          now += move.pass * MINUTE;
          approval = restarted(approval);
          if ("ballot" in move) {
            const step = vote(approval, move.ballot, now);
            assert.equal(answered(step), reference.vote(move.ballot, now));
            assert.deepEqual(step.events.map(heard), reference.hear());
            approval = step.approval;
          } else if ("given" in move) {
            const step = command(approval, move.given, now);
            assert.equal(answered(step), reference.command(move.given, now));
            assert.deepEqual(step.events.map(heard), reference.hear());
            approval = step.approval;
          } else {
            const step = wake(approval, now);
            reference.wake(now);
            assert.deepEqual(step.events.map(heard), reference.hear());
            approval = step.approval;
          }
          assert.deepEqual(summary(approval), referenceSummary(reference));
        }
      }),
      { numRuns: 4_000 },
    );
  });

  it("has one outcome, told once and never changed, and names each notification once, the same when repeated", () => {
    fc.assert(
      fc.property(stories, ({ policy, subject, start, moves: story }) => {
        let now = start;
        let { approval, events }: { approval: Approval; events: readonly ApprovalEvent[] } = openApproval(policy, subject, now);
        const all = [...events];
        for (const move of story) {
          now += move.pass * MINUTE;
          const act = (state: Approval): VoteStep | CommandStep | ReturnType<typeof wake> =>
            "ballot" in move ? vote(state, move.ballot, now) : "given" in move ? command(state, move.given, now) : wake(state, now);
          const before = JSON.stringify(approval);
          const step = act(approval);
          assert.equal(JSON.stringify(approval), before, "a state is never changed in place");
          assert.deepEqual(act(restarted(approval)), step, "computed again after a kill, everything is the same");
          assert.deepEqual(restarted(step.approval), step.approval, "a state is plain JSON");
          if (approval.status !== "open") {
            assert.equal(step.approval, approval);
            assert.deepEqual(step.events, []);
          }
          approval = step.approval;
          all.push(...step.events);
        }
        const ends = all.filter(({ kind }) => kind === "decided" || kind === "withdrawn");
        assert.equal(ends.length, approval.status === "open" ? 0 : 1);
        const names = notifications(all);
        assert.equal(new Set(names).size, names.length);
        const deadlines = approval.history.filter(({ what }) => what === "overdue").map(({ level: at }) => at);
        assert.equal(new Set(deadlines).size, deadlines.length, "a deadline fires once");
      }),
      { numRuns: 2_000 },
    );
  });

  it("has something to do at the moment it names, nothing before, and nothing left after", () => {
    fc.assert(
      fc.property(stories, fc.nat({ max: 100_000 }), ({ policy, subject, start, moves: story }, late) => {
        let now = start;
        let approval = openApproval(policy, subject, now).approval;
        for (const move of story) {
          now += move.pass * MINUTE;
          if ("ballot" in move) approval = vote(approval, move.ballot, now).approval;
          else if ("given" in move) approval = command(approval, move.given, now).approval;
          const next = nextWake(approval);
          if (next === undefined) {
            assert.equal(wake(approval, now + 1e12).approval, approval);
          } else {
            assert.equal(wake(approval, next - 1).approval, approval);
            const woken = wake(approval, next + late).approval;
            assert.notEqual(woken, approval);
            assert.equal(wake(woken, next + late).approval, woken);
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
