/** What dialogs need of this room to judge as the node does: all of it runs in browsers. */
export { canonicalAddress, isAddress, isDomain } from "./address.ts";
export { isTimeZone, minuteOfDay } from "./calendar.ts";
export { readCalendar } from "./calendar-settings.ts";
export type { PolicyFaultCode } from "./faults.ts";
export { LevelRows } from "./level-rows.ts";
export { listOf, memberOf } from "./member-settings.ts";
export { policyProblems } from "./policy.ts";
export { NO_APPROVER, ON_DEADLINE, REQUIRE_REASON, readPolicy } from "./policy-settings.ts";
export type { Calendar, Need, NoApprover, OnDeadline, Person, RawLevel, RawPolicy, RequireReason, Role } from "./policy-types.ts";
export type { PolicyProblem, Report } from "./problems.ts";
