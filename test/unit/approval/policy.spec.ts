import assert from "node:assert/strict";
import fc from "fast-check";
import { clashingAliases, parsePolicy, resolvePolicy, rolesOf } from "../../../nodes/lib/approval/index.ts";
import { Fault } from "../../../nodes/lib/base/fault.ts";

const LEVEL = { approvers: ["anna@x.com"] };

function faultOf(policy: unknown): { code: string; params: unknown } {
  try {
    resolvePolicy(parsePolicy(policy), {});
  } catch (error) {
    assert.ok(error instanceof Fault, String(error));
    return { code: error.code, params: error.params };
  }
  return assert.fail("no fault");
}

describe("a policy as configured", () => {
  it("needs no more than a level with an approver", () => {
    assert.deepEqual(parsePolicy({ levels: [LEVEL] }), {
      levels: [{ name: "1", approvers: [{ email: "anna@x.com" }], need: "any", onDeadline: "wait", escalateTo: [] }],
      requireReason: "never",
      allowSelfApproval: false,
      allowSamePersonTwice: false,
      delegation: true,
      noApprover: "keep",
      fallback: [],
    });
  });

  it("may come as text everywhere, as environment variables and dialogs give it", () => {
    const policy = parsePolicy({
      levels: JSON.stringify([
        {
          name: " Boss ",
          approvers: "anna@x.com, role:ENTERPRISE_ADMIN; bert@x.com",
          need: "60 %",
          deadline: "90",
          onDeadline: "escalate",
          escalateTo: '["carl@x.com"]',
          remindEvery: "30",
        },
        { approvers: '{"email":"dora@x.com","name":"Dora\\nD.","aliases":"U1,U2"}', need: "2", deadline: "0" },
      ]),
      requireReason: "reject",
      allowSelfApproval: "true",
      delegation: "false",
      noApprover: "fallback",
      fallback: "help@x.com",
      calendar: '{"timeZone":"Europe/Madrid","days":"mon,2,wed","from":"08:30","to":"24:00","holidays":"2026-12-25, 2027-01-01"}',
    });
    assert.deepEqual(policy.levels, [
      {
        name: "Boss",
        approvers: [{ email: "anna@x.com" }, { role: "ENTERPRISE_ADMIN" }, { email: "bert@x.com" }],
        need: "60%",
        deadline: 90,
        onDeadline: "escalate",
        escalateTo: [{ email: "carl@x.com" }],
        remindEvery: 30,
      },
      {
        name: "2",
        approvers: [{ email: "dora@x.com", name: "Dora D.", aliases: ["U1", "U2"] }],
        need: 2,
        onDeadline: "wait",
        escalateTo: [],
      },
    ]);
    assert.equal(policy.allowSelfApproval, true);
    assert.equal(policy.delegation, false);
    assert.deepEqual(policy.calendar, {
      timeZone: "Europe/Madrid",
      days: [1, 2, 3],
      from: "08:30",
      to: "24:00",
      holidays: ["2026-12-25", "2027-01-01"],
    });
  });

  it("takes an empty list of approvers: what happens then is a setting, not a mistake", () => {
    for (const approvers of [[], "", undefined, null]) {
      assert.deepEqual(parsePolicy({ levels: [{ approvers }] }).levels[0]?.approvers, []);
    }
  });

  it("works Monday to Friday all day, in this machine's zone, unless told otherwise", () => {
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    const { calendar } = parsePolicy({ levels: [LEVEL], calendar: { holidays: [] } });
    assert.deepEqual(calendar, { timeZone, days: [1, 2, 3, 4, 5], from: "00:00", to: "24:00", holidays: [] });
    assert.equal(parsePolicy({ levels: [LEVEL], calendar: {} }).calendar, undefined);
  });

  const mistakes: readonly (readonly [what: string, policy: unknown, code: string, params?: object])[] = [
    ["no policy at all", undefined, "APPROVAL_LEVELS_MISSING"],
    ["no levels", { levels: [] }, "APPROVAL_LEVELS_MISSING"],
    ["a level that is no object", { levels: [LEVEL, 7] }, "APPROVAL_LEVEL_INVALID", { level: 2 }],
    [
      "an approver without address",
      { levels: [{ name: "Boss", approvers: ["anna"] }] },
      "APPROVAL_PERSON_INVALID",
      { level: "Boss", field: "approvers", value: "anna" },
    ],
    ["an address with a line break", { levels: [{ approvers: [{ email: "a@x.com\nBcc: b@x.com" }] }] }, "APPROVAL_PERSON_INVALID"],
    ["an address with a comma", { levels: [{ approvers: [{ email: "a@x.com,b@x.com" }] }] }, "APPROVAL_PERSON_INVALID"],
    [
      "approvers that are a number",
      { levels: [{ approvers: 7 }] },
      "APPROVAL_PERSON_INVALID",
      { level: "1", field: "approvers", value: "7" },
    ],
    [
      "somebody to escalate to without address",
      { levels: [{ ...LEVEL, escalateTo: [{}] }] },
      "APPROVAL_PERSON_INVALID",
      { level: "1", field: "escalateTo", value: "{}" },
    ],
    ["a need of nobody", { levels: [{ ...LEVEL, need: 0 }] }, "APPROVAL_NEED_INVALID", { level: "1", value: "0" }],
    ["a need of half a person", { levels: [{ ...LEVEL, need: 1.5 }] }, "APPROVAL_NEED_INVALID", { level: "1", value: "1.5" }],
    ["a need of more than everybody", { levels: [{ ...LEVEL, need: "101%" }] }, "APPROVAL_NEED_INVALID", { level: "1", value: "101%" }],
    ["a need of a fraction of a percent", { levels: [{ ...LEVEL, need: "33.3%" }] }, "APPROVAL_NEED_INVALID"],
    ["a need in words", { levels: [{ ...LEVEL, need: "most" }] }, "APPROVAL_NEED_INVALID", { level: "1", value: "most" }],
    [
      "a deadline in words",
      { levels: [{ ...LEVEL, deadline: "soon" }] },
      "APPROVAL_MINUTES_INVALID",
      { level: "1", field: "deadline", value: "soon", limit: 527_040 },
    ],
    ["a deadline before the start", { levels: [{ ...LEVEL, deadline: -1 }] }, "APPROVAL_MINUTES_INVALID"],
    [
      "reminders every million minutes",
      { levels: [{ ...LEVEL, remindEvery: 1e6 }] },
      "APPROVAL_MINUTES_INVALID",
      { level: "1", field: "remindEvery", value: "1000000", limit: 527_040 },
    ],
    [
      "an unknown deadline action",
      { levels: [{ ...LEVEL, deadline: 5, onDeadline: "cancel" }] },
      "APPROVAL_ON_DEADLINE_INVALID",
      { level: "1", value: "cancel" },
    ],
    [
      "a deadline action that would never happen",
      { levels: [{ ...LEVEL, onDeadline: "reject" }] },
      "APPROVAL_DEADLINE_MISSING",
      { level: "1", value: "reject" },
    ],
    [
      "an unknown rule for reasons",
      { levels: [LEVEL], requireReason: "maybe" },
      "APPROVAL_SETTING_INVALID",
      { field: "requireReason", value: "maybe" },
    ],
    [
      "a flag that is neither true nor false",
      { levels: [LEVEL], allowSelfApproval: "yes" },
      "APPROVAL_SETTING_INVALID",
      { field: "allowSelfApproval", value: "yes" },
    ],
    [
      "a delegation to nobody who could be meant",
      { levels: [LEVEL], delegation: "perhaps" },
      "APPROVAL_DELEGATION_INVALID",
      { value: "perhaps" },
    ],
    [
      "a delegation to two addresses in one",
      { levels: [LEVEL], delegation: ["a@x.com b@x.com"] },
      "APPROVAL_DELEGATION_INVALID",
      { value: '["a@x.com b@x.com"]' },
    ],
    [
      "a delegation to something",
      { levels: [LEVEL], delegation: { to: "x.com" } },
      "APPROVAL_DELEGATION_INVALID",
      { value: '{"to":"x.com"}' },
    ],
    [
      "an unknown way without approvers",
      { levels: [LEVEL], noApprover: "approve" },
      "APPROVAL_SETTING_INVALID",
      { field: "noApprover", value: "approve" },
    ],
    ["a fallback of nobody", { levels: [LEVEL], noApprover: "fallback" }, "APPROVAL_FALLBACK_MISSING"],
    ["a fallback without address", { levels: [LEVEL], fallback: ["help"] }, "APPROVAL_FALLBACK_INVALID", { value: "help" }],
    [
      "a calendar that is a word",
      { levels: [LEVEL], calendar: "office" },
      "APPROVAL_CALENDAR_INVALID",
      { field: "calendar", value: "office" },
    ],
    [
      "an unknown time zone",
      { levels: [LEVEL], calendar: { timeZone: "Spain" } },
      "APPROVAL_CALENDAR_INVALID",
      { field: "timeZone", value: "Spain" },
    ],
    ["an eighth day", { levels: [LEVEL], calendar: { days: [8] } }, "APPROVAL_CALENDAR_INVALID", { field: "days", value: "[8]" }],
    ["no working day", { levels: [LEVEL], calendar: { days: [] } }, "APPROVAL_CALENDAR_INVALID", { field: "days", value: "[]" }],
    [
      "an hour that is none",
      { levels: [LEVEL], calendar: { from: "9 am" } },
      "APPROVAL_CALENDAR_INVALID",
      { field: "from", value: "9 am" },
    ],
    [
      "closing before opening",
      { levels: [LEVEL], calendar: { from: "18:00", to: "09:00" } },
      "APPROVAL_CALENDAR_INVALID",
      { field: "to", value: "09:00" },
    ],
    [
      "the thirtieth of February",
      { levels: [LEVEL], calendar: { holidays: ["2026-02-30"] } },
      "APPROVAL_CALENDAR_INVALID",
      { field: "holidays", value: '["2026-02-30"]' },
    ],
  ];
  for (const [what, policy, code, params] of mistakes) {
    it(`is refused with ${what}`, () => {
      const fault = faultOf(policy);
      assert.equal(fault.code, code);
      if (params !== undefined) assert.deepEqual(fault.params, params);
    });
  }

  it("never fails otherwise than by saying what is wrong", () => {
    const value = fc.oneof(fc.anything(), fc.constantFrom("any", 2, "50%", "role:X", "a@x.com", "[]", "{}", 60, "reject"));
    const level = fc.dictionary(fc.constantFrom("name", "approvers", "need", "deadline", "onDeadline", "escalateTo", "remindEvery"), value);
    const policy = fc.oneof(
      fc.anything(),
      fc.dictionary(
        fc.constantFrom("levels", "requireReason", "allowSelfApproval", "noApprover", "fallback", "calendar"),
        fc.oneof(value, fc.array(level), fc.dictionary(fc.constantFrom("timeZone", "days", "from", "to", "holidays"), value)),
      ),
    );
    fc.assert(
      fc.property(policy, (given) => {
        try {
          parsePolicy(given);
        } catch (error) {
          assert.ok(error instanceof Fault, String(error));
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("to whom votes may be handed", () => {
  const read = (delegation: unknown): unknown => parsePolicy({ levels: [LEVEL], delegation }).delegation;

  it("is yes or no, as text too, or a list of domains and addresses in one spelling each", () => {
    assert.deepEqual([undefined, "", true, "true", "Yes", "1"].map(read), [true, true, true, true, true, true]);
    assert.deepEqual([false, "false", "off", []].map(read), [false, false, false, false]);
    const list = ["@example.com", "@intranet", "ana@example.org"];
    assert.deepEqual(read(["Example.COM.", "@intranet", "Ana@Example.org"]), list);
    assert.deepEqual(read("example.com, @intranet; ana@example.org"), list);
    assert.deepEqual(read('["example.com", "@intranet", "ana@example.org"]'), list);
  });
});

describe("one person under several names", () => {
  const asked = (approvers: readonly unknown[]): readonly object[] | undefined =>
    resolvePolicy(parsePolicy({ levels: [{ approvers }] }), {}).levels[0]?.approvers;

  it("is asked once, however the address is spelled, with every name that was given", () => {
    const first = { email: "Ana@Example.com", aliases: ["U1"] };
    assert.deepEqual(asked([first, "ana@example.com", "ana@example.com.", { email: "ANA@example.com", name: "Ana", aliases: ["T1"] }]), [
      { email: "Ana@Example.com", name: "Ana", aliases: ["U1", "T1"] },
    ]);
    assert.deepEqual(asked(["info@exämple.com", "info@xn--exmple-cua.com"]), [{ email: "info@exämple.com" }]);
  });

  it("is asked once under addresses that arrive in one mailbox, and known by each of them", () => {
    assert.deepEqual(asked(["ana@x.com", "ana+cloud@x.com"]), [{ email: "ana@x.com", aliases: ["ana+cloud@x.com"] }]);
  });

  it("is asked once under an address that is an alias of the other, whatever else either is called", () => {
    const ana = { email: "ana@x.com", aliases: ["second@x.com"] };
    const both = [{ email: "ana@x.com", aliases: ["second@x.com", "U2"] }];
    assert.deepEqual(asked([ana, { email: "Second@x.com", aliases: ["U2"] }]), both);
    assert.deepEqual(
      asked([
        { email: "b@x.com", aliases: ["a@x.com"] },
        { email: "a@x.com", aliases: ["b@x.com"] },
      ])?.length,
      1,
    );
  });
});

describe("an alias of two people", () => {
  const clashing = parsePolicy({
    levels: [
      { approvers: [{ email: "a@x.com", aliases: ["U1", "A"] }] },
      { approvers: [{ email: "b@x.com", aliases: ["u1"] }, "role:ADMIN"] },
    ],
  });

  it("is named, and means neither of them", () => {
    assert.deepEqual(clashingAliases(clashing, {}), ["u1"]);
    const { levels } = resolvePolicy(clashing, {});
    assert.deepEqual(
      levels.map(({ approvers }) => approvers),
      [[{ email: "a@x.com", aliases: ["A"] }], [{ email: "b@x.com" }]],
    );
  });

  it("may be an address that a third person has", () => {
    const policy = parsePolicy({
      levels: [{ approvers: [{ email: "a@x.com", aliases: ["s@x.com"] }, { email: "b@x.com", aliases: ["s@x.com"] }, "s@x.com"] }],
    });
    assert.deepEqual(clashingAliases(policy, {}), ["s@x.com"]);
    assert.deepEqual(resolvePolicy(policy, {}).levels[0]?.approvers, [{ email: "a@x.com" }, { email: "b@x.com" }, { email: "s@x.com" }]);
  });

  it("keeps the other names, and what a role adds to them", () => {
    const people = { ADMIN: [{ email: "A@x.com.", name: "Ana", account: "7" }] };
    assert.deepEqual(resolvePolicy(clashing, people).levels[1]?.approvers, [
      { email: "b@x.com" },
      { email: "a@x.com", name: "Ana", aliases: ["A"], account: "7" },
    ]);
  });
});

describe("roles in a policy", () => {
  const policy = parsePolicy({
    levels: [
      { approvers: ["role:ADMIN", "anna@x.com"], deadline: 5, onDeadline: "escalate", escalateTo: [{ role: "OWNER" }] },
      { approvers: ["role:ADMIN"] },
    ],
    fallback: ["role:constructor"],
  });

  it("are named once each, to be looked up", () => {
    assert.deepEqual(rolesOf(policy), ["ADMIN", "OWNER", "constructor"]);
  });

  it("may give somebody's second address, which makes no second person", () => {
    const anna = { email: "anna@x.com", aliases: ["Anna.Smith@x.com"] };
    const raw = parsePolicy({ levels: [{ approvers: ["role:ADMIN"] }, { approvers: [anna] }] });
    assert.deepEqual(resolvePolicy(raw, { ADMIN: [{ email: "anna.smith@X.com", name: "A. Smith" }] }).levels[0]?.approvers, [anna]);
  });

  it("give way to their people; a role without any gives nobody", () => {
    const resolved = resolvePolicy(policy, { ADMIN: [{ email: "bert@x.com", name: "Bert" }, { email: "carl@x.com" }] });
    assert.deepEqual(
      resolved.levels.map(({ approvers }) => approvers.map(({ email }) => email)),
      [
        ["bert@x.com", "carl@x.com", "anna@x.com"],
        ["bert@x.com", "carl@x.com"],
      ],
    );
    assert.deepEqual(resolved.levels[0]?.escalateTo, []);
    assert.deepEqual(resolved.fallback, []);
  });
});
