import assert from "node:assert/strict";
import fc from "fast-check";
import { addTime, type Calendar, timeBetween } from "../../../nodes/lib/approval/index.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const MADRID: Calendar = { timeZone: "Europe/Madrid", days: [1, 2, 3, 4, 5], from: "09:00", to: "18:00", holidays: ["2026-12-25"] };

const moment = (text: string): number => Date.parse(text);
const text = (at: number): string => new Date(at).toISOString();

/** What the wall clock shows, read field by field: a way of its own to find out what `Intl` offsets say. */
function wallClock(timeZone: string): (at: number) => { date: string; weekday: number; minute: number } {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    weekday: "short",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return (at) => {
    const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    return {
      date: `${part["year"]}-${part["month"]}-${part["day"]}`,
      weekday: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].indexOf(part["weekday"]!.slice(0, 3)) + 1,
      minute: Number(part["hour"]) * 60 + Number(part["minute"]),
    };
  };
}

/** Asks of one minute after the other whether it is business time. */
function openMinutes(calendar: Calendar, from: number, minutes: number): boolean[] {
  const read = wallClock(calendar.timeZone);
  const ofDay = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
  return Array.from({ length: minutes }, (_, index) => {
    const { date, weekday, minute } = read(from + index * MINUTE);
    const within = minute >= ofDay(calendar.from) && minute < ofDay(calendar.to);
    return within && calendar.days.includes(weekday) && !calendar.holidays.includes(date);
  });
}

/** Places whose clocks change in different ways, and days on which they do; each start lies shortly before. */
const CHANGES: readonly (readonly [zone: string, day: string])[] = [
  ["Europe/Madrid", "2026-03-29"],
  ["Europe/Madrid", "2026-10-25"],
  ["America/New_York", "2026-03-08"],
  ["America/New_York", "2026-11-01"],
  ["America/Santiago", "2026-09-06"], // at midnight: the day has no 00:30
  ["America/Santiago", "2026-04-05"],
  ["Australia/Lord_Howe", "2026-04-05"], // by half an hour
  ["Australia/Lord_Howe", "2026-10-04"],
  ["Pacific/Apia", "2011-12-30"], // a day that never was
  ["Asia/Kathmandu", "2026-06-15"],
  ["Pacific/Kiritimati", "2026-06-15"],
  ["UTC", "2026-02-28"],
];

const time = (minute: number): string => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

const situations = fc
  .tuple(fc.constantFrom(...CHANGES), fc.integer({ min: 0, max: 4 * 24 * 60 }), fc.subarray([1, 2, 3, 4, 5, 6, 7], { minLength: 1 }))
  .chain(([[timeZone, day], before, days]) =>
    fc
      .record({
        hours: fc.uniqueArray(fc.integer({ min: 0, max: 24 * 60 }), { minLength: 2, maxLength: 2 }),
        holidays: fc.subarray([day, text(moment(day) + DAY).slice(0, 10), text(moment(day) - DAY).slice(0, 10)]),
        duration: fc.integer({ min: 1, max: 3 * 24 * 60 }),
      })
      .map(({ hours, holidays, duration }) => {
        const [from = 0, to = 0] = hours.sort((a, b) => a - b);
        const calendar: Calendar = { timeZone, days, from: time(from), to: time(to), holidays };
        return { calendar, start: moment(day) + DAY - before * MINUTE, duration };
      }),
  );

describe("business time", () => {
  it("is plain time without a calendar", () => {
    assert.equal(addTime(undefined, 1_000, 5 * MINUTE), 1_000 + 5 * MINUTE);
    assert.equal(timeBetween(undefined, 1_000, 4_000), 3_000);
    assert.equal(timeBetween(undefined, 4_000, 1_000), 0);
  });

  const examples: readonly (readonly [what: string, from: string, hours: number, to: string])[] = [
    ["counts within the day", "2026-11-23T10:00:00Z", 2, "2026-11-23T12:00:00Z"],
    ["ends with the day when it just fits", "2026-11-23T10:00:00Z", 7, "2026-11-23T17:00:00Z"],
    ["starts when the doors open", "2026-11-23T03:00:00Z", 1, "2026-11-23T09:00:00Z"],
    ["goes on the next morning", "2026-11-23T16:30:00Z", 1, "2026-11-24T08:30:00Z"],
    ["leaves out the weekend", "2026-11-27T16:00:00Z", 2, "2026-11-30T09:00:00Z"],
    ["leaves out a holiday", "2026-12-24T16:00:00Z", 2, "2026-12-28T09:00:00Z"],
    ["follows the wall clock over the change to summer time", "2026-03-27T16:00:00Z", 2, "2026-03-30T08:00:00Z"],
    ["follows the wall clock over the change to winter time", "2026-10-23T15:00:00Z", 2, "2026-10-26T09:00:00Z"],
  ];
  for (const [what, from, hours, to] of examples) {
    it(what, () => {
      assert.equal(text(addTime(MADRID, moment(from), hours * HOUR)), text(moment(to)));
      assert.equal(timeBetween(MADRID, moment(from), moment(to)), hours * HOUR);
    });
  }

  it("counts a skipped hour not at all and a repeated hour twice", () => {
    const always: Calendar = { timeZone: "Europe/Madrid", days: [7], from: "00:00", to: "24:00", holidays: [] };
    const sunday = (date: string): number => timeBetween(always, moment(date) - DAY, moment(date) + 2 * DAY);
    assert.equal(sunday("2026-03-29"), 23 * HOUR);
    assert.equal(sunday("2026-10-25"), 25 * HOUR);
    assert.equal(sunday("2026-11-15"), 24 * HOUR);
  });

  it("gives up after some ten years where there is hardly any", () => {
    const rare: Calendar = { ...MADRID, days: [1], from: "09:00", to: "09:01" };
    const start = moment("2026-11-23T00:00:00Z");
    const end = addTime(rare, start, 10_000 * MINUTE);
    assert.equal((end - start) / DAY, 3660);
  });

  it("agrees with asking minute by minute, over all changes of the clock", () => {
    fc.assert(
      fc.property(situations, ({ calendar, start, duration }) => {
        const window = 9 * 24 * 60;
        const open = openMinutes(calendar, start, window);
        const total = open.filter(Boolean).length;
        assert.equal(timeBetween(calendar, start, start + window * MINUTE), total * MINUTE);

        let left = duration;
        const last = open.findIndex((isOpen) => isOpen && (left -= 1) === 0);
        const due = addTime(calendar, start, duration * MINUTE);
        if (last >= 0) assert.equal(text(due), text(start + (last + 1) * MINUTE));
        else assert.ok(due > start + window * MINUTE);
      }),
      { numRuns: 80 },
    );
  });

  it("adds up: what was added is what lies between, however it is cut", () => {
    fc.assert(
      fc.property(situations, fc.nat(), fc.nat({ max: 59_999 }), ({ calendar, start, duration }, cut, odd) => {
        const from = start + odd;
        const due = addTime(calendar, from, duration * MINUTE);
        fc.pre(due - from < 400 * DAY);
        assert.equal(timeBetween(calendar, from, due), duration * MINUTE);
        const middle = from + (cut % (due - from));
        assert.equal(timeBetween(calendar, from, middle) + timeBetween(calendar, middle, due), duration * MINUTE);
        const remaining = timeBetween(calendar, middle, due);
        assert.equal(addTime(calendar, middle, remaining), remaining === 0 ? middle : due);
      }),
      { numRuns: 500 },
    );
  });
});
