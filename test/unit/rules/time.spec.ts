import assert from "node:assert/strict";
import { compileRules } from "../../../nodes/lib/rules/index.ts";
import { judge, outcomeOf, problemsOf, subject } from "./support.ts";

const OFFICE = { days: ["mon", "tue", "wed", "thu", "fri"], from: "09:00", to: "18:00", timeZone: "Europe/Madrid" };
const NIGHT = { days: ["fri"], from: "22:00", to: "06:00", timeZone: "Europe/Madrid" };

function within(window: unknown, at: string, op = "in"): Promise<boolean> {
  const about = { ...subject(), at: new Date(at) };
  return outcomeOf([{ field: "time", op, value: window }], about).then((outcome) => outcome === "continue");
}

describe("a condition on time", () => {
  it("includes the first minute and excludes the last", async () => {
    assert.ok(await within(OFFICE, "2026-11-23T09:00:00+01:00"));
    assert.ok(await within(OFFICE, "2026-11-23T17:59:59+01:00"));
    assert.ok(!(await within(OFFICE, "2026-11-23T08:59:59+01:00")));
    assert.ok(!(await within(OFFICE, "2026-11-23T18:00:00+01:00")));
  });

  it("knows the days by the zone's calendar, not by UTC's", async () => {
    const sunday = { days: ["sun"], timeZone: "Pacific/Auckland" };
    assert.ok(await within(sunday, "2026-11-21T12:00:00Z"));
    assert.ok(!(await within(sunday, "2026-11-22T12:00:00Z")));
  });

  it("is the opposite with nin", async () => {
    assert.ok(!(await within(OFFICE, "2026-11-23T10:00:00+01:00", "nin")));
    assert.ok(await within(OFFICE, "2026-11-22T10:00:00+01:00", "nin"));
  });

  it("counts an overnight range to the day on which it starts", async () => {
    assert.ok(await within(NIGHT, "2026-11-27T22:00:00+01:00"));
    assert.ok(await within(NIGHT, "2026-11-28T05:59:00+01:00"));
    assert.ok(!(await within(NIGHT, "2026-11-27T05:00:00+01:00")));
    assert.ok(!(await within(NIGHT, "2026-11-28T22:30:00+01:00")));
    assert.ok(!(await within(NIGHT, "2026-11-28T06:00:00+01:00")));
  });

  it("follows the wall clock of Madrid into summer time", async () => {
    // On 29 March 2026 the clock goes from 02:00 (UTC+1) to 03:00 (UTC+2).
    const early = { days: ["sun"], from: "02:00", to: "03:00", timeZone: "Europe/Madrid" };
    assert.ok(!(await within(early, "2026-03-29T00:59:59Z")));
    assert.ok(!(await within(early, "2026-03-29T01:00:00Z")), "02:00 does not exist that night");
    assert.ok(await within({ ...early, from: "03:00", to: "04:00" }, "2026-03-29T01:00:00Z"));
    assert.ok(await within(OFFICE, "2026-03-30T07:00:00Z"));
    assert.ok(!(await within(OFFICE, "2026-03-27T07:00:00Z")));
    assert.ok(await within({ ...NIGHT, days: ["sat"] }, "2026-03-29T03:59:00Z"));
    assert.ok(!(await within({ ...NIGHT, days: ["sat"] }, "2026-03-29T04:00:00Z")));
  });

  it("follows the wall clock of Madrid back to winter time", async () => {
    // On 25 October 2026 the hour from 02:00 to 03:00 comes twice: at 00:00Z and at 01:00Z.
    const twice = { days: ["sun"], from: "02:00", to: "03:00", timeZone: "Europe/Madrid" };
    assert.ok(!(await within(twice, "2026-10-24T23:59:00Z")));
    assert.ok(await within(twice, "2026-10-25T00:30:00Z"));
    assert.ok(await within(twice, "2026-10-25T01:30:00Z"));
    assert.ok(!(await within(twice, "2026-10-25T02:00:00Z")));
    assert.ok(await within({ ...NIGHT, days: ["sat"] }, "2026-10-25T04:59:00Z"));
    assert.ok(!(await within({ ...NIGHT, days: ["sat"] }, "2026-10-25T05:00:00Z")));
  });

  it("agrees with the offset of Madrid in every hour of a year", async () => {
    const nine = [{ field: "time", op: "in", value: { from: "09:00", to: "10:00", timeZone: "Europe/Madrid" } }];
    const options = { otherwise: "cancel", scope: "task" } as const;
    const rules = compileRules([{ name: "", when: nine, outcome: "continue", reason: "" }], options);
    const summer = [Date.parse("2026-03-29T01:00:00Z"), Date.parse("2026-10-25T01:00:00Z")] as const;
    for (let hour = 0; hour < 365 * 24; hour += 1) {
      const at = Date.UTC(2026, 0, 1, hour);
      const offset = at >= summer[0] && at < summer[1] ? 2 : 1;
      const expected = new Date(at).getUTCHours() + offset === 9;
      const { outcome } = await rules.evaluate({ ...subject(), at: new Date(at) });
      assert.equal(outcome === "continue", expected, new Date(at).toISOString());
    }
  });

  it("takes the zone of the options where it names none, and the process's where they name none", async () => {
    const { timeZone: _zone, ...local } = OFFICE;
    const about = { ...subject(), at: new Date("2026-11-23T23:30:00Z") };
    const when = [{ field: "time", op: "in", value: local }];
    assert.equal(await outcomeOf(when, about, { timeZone: "America/Los_Angeles" }), "continue");
    assert.equal(await outcomeOf(when, about, { timeZone: "Europe/Madrid" }), "cancel");
    const verdict = await judge([{ field: "time", op: "in", value: { days: "mon,tue" } }]);
    const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
    assert.equal((verdict.facts["time"] as { timeZone: string }).timeZone, zone);
  });

  it("means every day without days, and the whole day without hours or until 24:00", async () => {
    assert.ok(await within({ from: "00:00", to: "24:00" }, "2026-11-22T23:59:59Z"));
    assert.ok(await within({ days: ["Sunday"], timeZone: "UTC" }, "2026-11-22T23:59:59Z"));
    assert.ok(await within({ from: "20:00", timeZone: "UTC" }, "2026-11-22T23:59:59Z"));
  });

  it("may be JSON text, as a dialog stores it", async () => {
    assert.ok(await within(JSON.stringify(OFFICE), "2026-11-23T10:00:00+01:00"));
  });

  it("shows the moment among the facts as the clock did", async () => {
    const verdict = await judge([{ field: "time", op: "in", value: OFFICE }]);
    assert.deepEqual(verdict.facts["time"], { day: "mon", time: "15:30", timeZone: "Europe/Madrid" });
  });

  it("cannot be judged at an invalid date", async () => {
    const verdict = await judge([{ field: "time", op: "in", value: OFFICE }], {
      ...subject(),
      at: new Date(Number.NaN),
    });
    assert.equal(verdict.outcome, "review");
    assert.deepEqual(verdict.unjudged, { rule: "only", field: "time", why: "RULE_FACT_WRONG_KIND" });
  });

  it("is refused with everything that is wrong with it", () => {
    const value = { days: ["mon", "someday"], from: "9am", to: "25:00", timeZone: "Europe/Madird" };
    const problems = problemsOf([{ name: "", when: [{ field: "time", op: "in", value }], outcome: "review", reason: "" }]);
    assert.deepEqual(
      problems.map(({ code, params }) => ({ code, params })),
      [
        { code: "RULE_TIME_DAY_UNKNOWN", params: { day: "someday" } },
        { code: "RULE_TIME_HOUR_INVALID", params: { hour: "9am" } },
        { code: "RULE_TIME_HOUR_INVALID", params: { hour: "25:00" } },
        { code: "RULE_TIME_ZONE_UNKNOWN", params: { timeZone: "Europe/Madird" } },
      ],
    );
  });

  it("is refused when its hours are none, its value no window, or its operator not in or nin", () => {
    const codeOf = (op: string, value: unknown): string | undefined =>
      problemsOf([{ when: [{ field: "time", op, value }], outcome: "review" }])[0]?.code;
    assert.equal(codeOf("in", { from: "09:00", to: "09:00" }), "RULE_TIME_INVALID");
    assert.equal(codeOf("in", { from: "24:00", to: "00:00" }), "RULE_TIME_INVALID");
    assert.equal(codeOf("in", "mornings"), "RULE_TIME_INVALID");
    assert.equal(codeOf("gt", OFFICE), "RULE_OP_NOT_FOR_FIELD");
    assert.equal(problemsOf([], { timeZone: "Mars/Olympus" })[0]?.code, "RULE_TIME_ZONE_UNKNOWN");
  });
});
