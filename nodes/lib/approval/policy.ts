import { Fault, type FaultCode } from "../base/fault.ts";
import { isOpen } from "../base/json-path.ts";
import { mergePeople } from "./merge.ts";
import { distinctPeople } from "./people.ts";
import { readPolicy } from "./policy-settings.ts";
import type { Person, Policy, RawPolicy, Role } from "./policy-types.ts";
import type { PolicyProblem } from "./problems.ts";

/**
 * Understands a policy as a dialog, a message or a file gives it: the properties of `Policy`, lists also as JSON or
 * comma-separated text, numbers and booleans also as text. An approver is an address, `role:NAME` or
 * `{email, name, aliases}`. A list without anybody is no mistake: `noApprover` says what happens then.
 *
 * Throws Fault for the first thing that is wrong: `APPROVAL_LEVELS_MISSING`, `APPROVAL_LEVEL_INVALID`,
 * `APPROVAL_PERSON_INVALID`, `APPROVAL_NEED_INVALID`, `APPROVAL_MINUTES_INVALID`, `APPROVAL_ON_DEADLINE_INVALID`,
 * `APPROVAL_DEADLINE_MISSING` (an action that would never happen), `APPROVAL_SETTING_INVALID`,
 * `APPROVAL_DELEGATION_INVALID`, `APPROVAL_FALLBACK_INVALID`, `APPROVAL_FALLBACK_MISSING`, `APPROVAL_CALENDAR_INVALID`.
 */
export function parsePolicy(value: unknown): RawPolicy {
  return readPolicy(value, (_, code, params) => {
    throw new Fault<FaultCode>(code, params);
  });
}

/**
 * As `parsePolicy`, and an alias that two people have is wrong as well, because nobody could tell whose vote it is.
 *
 * Throws Fault `APPROVAL_ALIAS_AMBIGUOUS`, and what `parsePolicy` throws.
 */
export function parseUnambiguousPolicy(value: unknown): RawPolicy {
  const policy = parsePolicy(value);
  const [alias] = clashingAliases(policy, {});
  if (alias !== undefined) throw new Fault("APPROVAL_ALIAS_AMBIGUOUS", { alias });
  return policy;
}

/**
 * Everything that is wrong with a policy as `parseUnambiguousPolicy` understands it, before Node-RED has put the values
 * of variables in: where one stands, nothing is wrong yet.
 */
export function policyProblems(value: unknown): PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  const policy = readPolicy(value, (path, code, params) => problems.push({ path, code, params }));
  const [alias] = clashingAliases(policy, {});
  const known = problems.filter(({ path }) => !isOpen(value, path));
  return alias === undefined ? known : [...known, { path: ["levels"], code: "APPROVAL_ALIAS_AMBIGUOUS", params: { alias } }];
}

/** The roles a policy names, each once. */
export function rolesOf(policy: RawPolicy): string[] {
  return [...new Set(membersOfAll(policy).flatMap((member) => ("role" in member ? [member.role] : [])))];
}

function membersOfAll({ levels, fallback }: RawPolicy): (Person | Role)[] {
  return [...levels.flatMap((level) => [...level.approvers, ...level.escalateTo]), ...fallback];
}

/**
 * Puts people in the place of roles, each person once and under one address: a role may give another spelling or the
 * second address of somebody named elsewhere. An alias that two people have means neither of them (`clashingAliases`).
 *
 * @param people those who hold each role; a role that is missing is held by nobody
 */
export function resolvePolicy(policy: RawPolicy, people: Readonly<Record<string, readonly Person[]>>): Policy {
  const { personOf } = mergePeople(mentionsIn(policy, people));
  const resolve = (members: readonly (Person | Role)[]): readonly Person[] =>
    distinctPeople(members.flatMap((member) => mentionsOf(member, people)).map(personOf));
  return {
    ...policy,
    levels: policy.levels.map((level) => ({
      ...level,
      approvers: resolve(level.approvers),
      escalateTo: resolve(level.escalateTo),
    })),
    fallback: resolve(policy.fallback),
  };
}

/** The aliases that two people have: nobody could tell whose vote it is. */
export function clashingAliases(policy: RawPolicy, people: Readonly<Record<string, readonly Person[]>>): readonly string[] {
  return mergePeople(mentionsIn(policy, people)).clashes;
}

/** Those named by address first: they give the main address of a person, and the name. */
function mentionsIn(policy: RawPolicy, people: Readonly<Record<string, readonly Person[]>>): Person[] {
  const members = membersOfAll(policy);
  const named = members.filter((member) => !("role" in member));
  return [...named, ...members.filter((member) => "role" in member)].flatMap((member) => mentionsOf(member, people));
}

function mentionsOf(member: Person | Role, people: Readonly<Record<string, readonly Person[]>>): readonly Person[] {
  return "role" in member ? holders(people, member.role) : [member];
}

function holders(people: Readonly<Record<string, readonly Person[]>>, role: string): readonly Person[] {
  return (Object.hasOwn(people, role) ? people[role] : undefined) ?? [];
}
