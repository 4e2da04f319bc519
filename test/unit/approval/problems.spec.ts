import assert from "node:assert/strict";
import { LevelRows, policyProblems } from "../../../nodes/lib/approval/settings.ts";

const LEVEL = { approvers: ["a@x.com"] };

/** Codes with their paths, as text. */
function told(policy: unknown): string[] {
  return policyProblems(policy).map(({ path, code }) => `${path.join(".")} ${code}`);
}

describe("what is wrong with a policy", () => {
  it("is nothing with a sound one", () => {
    assert.deepEqual(told({ levels: [LEVEL], calendar: { days: "mon,tue" }, delegation: "example.com" }), []);
  });

  it("is told all at once, each with its path", () => {
    const wrong = { name: "Boss", approvers: ["a@x.com", "anna"], need: "most", deadline: "soon", escalateTo: 7, remindEvery: -1 };
    const problems = told({ levels: [LEVEL, 7, wrong], delegation: ["x.com", "perhaps", "that"], calendar: { from: "9 am", days: [8] } });
    assert.deepEqual(problems.sort(), [
      "calendar.days.0 APPROVAL_CALENDAR_INVALID",
      "calendar.from APPROVAL_CALENDAR_INVALID",
      "delegation.1 APPROVAL_DELEGATION_INVALID",
      "delegation.2 APPROVAL_DELEGATION_INVALID",
      "levels.1 APPROVAL_LEVEL_INVALID",
      "levels.2.approvers.1 APPROVAL_PERSON_INVALID",
      "levels.2.deadline APPROVAL_MINUTES_INVALID",
      "levels.2.escalateTo APPROVAL_PERSON_INVALID",
      "levels.2.need APPROVAL_NEED_INVALID",
      "levels.2.remindEvery APPROVAL_MINUTES_INVALID",
    ]);
  });

  it("is not that a deadline is missing where one is given that is wrong", () => {
    assert.deepEqual(told({ levels: [{ ...LEVEL, deadline: "soon", onDeadline: "reject" }] }), [
      "levels.0.deadline APPROVAL_MINUTES_INVALID",
    ]);
    assert.deepEqual(told({ levels: [{ ...LEVEL, deadline: 0, onDeadline: "reject" }] }), ["levels.0.deadline APPROVAL_DEADLINE_MISSING"]);
  });

  it("is an alias of two people, whom no vote could be told apart by", () => {
    const two = [
      { email: "a@x.com", aliases: ["U1"] },
      { email: "b@x.com", aliases: ["u1"] },
    ];
    assert.deepEqual(told({ levels: [{ approvers: two }] }), ["levels APPROVAL_ALIAS_AMBIGUOUS"]);
  });

  it("is not known yet where a variable stands, and is all the same beside it", () => {
    const level = { approvers: ["${BOSS}", "anna"], need: "${NEED}", deadline: "$(TIME)", onDeadline: "reject" };
    assert.deepEqual(told({ levels: [level, "${LEVEL}"] }), ["levels.0.approvers.1 APPROVAL_PERSON_INVALID"]);
    assert.deepEqual(told({ levels: "${LEVELS}", noApprover: "fallback", fallback: "${HELP}", calendar: "${HOURS}" }), []);
    assert.deepEqual(told({ levels: { approvers: "${BOSS}" } }), []);
    assert.deepEqual(told({ levels: [{ approvers: { email: "${MAIL}" } }], calendar: { timeZone: "${ZONE}" } }), []);
  });

  it("is each day off that is none, whatever stands beside it", () => {
    assert.deepEqual(
      told({ levels: [LEVEL], calendar: { days: ["${DAY}", "moonday"], holidays: ["${DAY_OFF}", "2026-02-30", "2026-12-25"] } }),
      ["calendar.days.1 APPROVAL_CALENDAR_INVALID", "calendar.holidays.1 APPROVAL_CALENDAR_INVALID"],
    );
  });

  it("is a fallback that is nobody, or none at all, and never both", () => {
    const asked = { levels: [LEVEL], noApprover: "fallback" };
    assert.deepEqual(told({ ...asked, fallback: "dora" }), ["fallback.0 APPROVAL_FALLBACK_INVALID"]);
    assert.deepEqual(told({ ...asked, fallback: ["${HELP}"] }), []);
    assert.deepEqual(told(asked), ["fallback APPROVAL_FALLBACK_MISSING"]);
  });

  it("is a variable within a text, which Node-RED leaves as it is", () => {
    assert.deepEqual(told({ levels: [{ approvers: "a@x.com, ${BOSS}" }] }), ["levels.0.approvers.1 APPROVAL_PERSON_INVALID"]);
    assert.deepEqual(told({ levels: '[{"approvers":"a@x.com","need":"${NEED}"}]' }), ["levels.0.need APPROVAL_NEED_INVALID"]);
  });
});

describe("levels whose people stand in the message", () => {
  const rows = [
    { approvers: "people", approversType: "msg", escalateTo: "b@x.com" },
    { approvers: "c@x.com", escalateTo: "bosses", escalateToType: "msg" },
  ];

  it("are read with each message, and judged without one before", () => {
    const levels = new LevelRows(JSON.stringify(rows));
    assert.ok(levels.needMessage);
    assert.deepEqual(
      levels.withPeople((property) => [`${property}@x.com`]),
      [
        { ...rows[0], approvers: ["people@x.com"] },
        { ...rows[1], escalateTo: ["bosses@x.com"] },
      ],
    );
    assert.deepEqual(told({ levels: levels.withPeople() }), []);
  });

  it("stay as they are where no message is needed, and where they are no list", () => {
    for (const given of [[LEVEL], rows[0], "no JSON", 7, undefined]) {
      const levels = new LevelRows(given);
      assert.ok(!levels.needMessage);
      assert.equal(levels.withPeople(assert.fail), given);
    }
  });
});
