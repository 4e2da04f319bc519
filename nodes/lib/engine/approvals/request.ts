import { storageOf } from "../../abiquo/index.ts";
import { type Approval, type Ballot, identify, identity, type Person } from "../../approval/index.ts";
import { readOrWhy } from "../../base/codec.ts";
import { isObject, textOf } from "../../base/json.ts";
import type { ApprovalRecord } from "../../ledger/index.ts";
import type { MachineView, PersonView } from "../../pages/index.ts";
import type { TaskEntry, WholeTask } from "../message.ts";
import { type KeptRequest, type KeptState, keptRequest, keptState } from "./kept.ts";

export type { ApprovalTerms, KeptRequest, KeptState } from "./kept.ts";

/** An approval as it is worked with. */
export interface OpenedApproval {
  readonly record: ApprovalRecord;
  readonly request: KeptRequest;
  /** absent while the people to be asked are being found out */
  readonly state?: KeptState;
}

/** An approval whose people are known. */
export type Standing = OpenedApproval & { readonly state: KeptState };

export function isStanding(opened: OpenedApproval | undefined): opened is Standing {
  return opened?.state !== undefined;
}

/** @throws Fault KEPT_NEWER, KEPT_UNREADABLE */
export function openedApproval(record: ApprovalRecord): OpenedApproval {
  const request = keptRequest.read(record.request);
  return record.state === "" ? { record, request } : { record, request, state: keptState.read(record.state) };
}

/** Those that can be read. */
export function openedApprovals(records: readonly ApprovalRecord[]): OpenedApproval[] {
  return records.flatMap((record) => {
    const reading = readOrWhy(() => openedApproval(record));
    return "value" in reading ? [reading.value] : [];
  });
}

/** What people are shown of these tasks, as far as the message's details tell. */
export function subjectOf(title: string, entries: readonly (TaskEntry | WholeTask)[], now: number): KeptRequest["subject"] {
  const [first] = entries;
  const types = new Set(entries.map(({ task }) => task.type));
  const details = isObject(first?.details) ? first.details : {};
  const created = entries.map(({ task }) => Date.parse(task.createdAt)).filter((at) => !Number.isNaN(at));
  return {
    type: types.size === 1 ? (first?.task.type ?? "") : "",
    ...(title === "" ? {} : { title }),
    askedAt: created.length > 0 ? Math.min(...created) : now,
    ...named("enterprise", details["enterprise"]),
    ...named("virtualDatacenter", details["virtualdatacenter"]),
    ...named("virtualAppliance", details["virtualappliance"]),
    machines: entries.map(machineOf),
  };
}

function named<Name extends string>(property: Name, value: unknown): { [key in Name]?: string } {
  const name = isObject(value) ? textOf(value["name"]) : "";
  return (name === "" ? {} : { [property]: name }) as { [key in Name]?: string };
}

function machineOf({ task, details }: TaskEntry | WholeTask): MachineView {
  const facts = isObject(details) ? details : {};
  const machine = isObject(facts["virtualmachine"]) ? facts["virtualmachine"] : {};
  const name = textOf(machine["label"]) || textOf(machine["name"]);
  const { diskMb, isWhole } = storageOf(facts);
  const sizes = [
    ["cpu", numberOf(machine["cpu"])],
    ["ramMb", numberOf(machine["ram"])],
    ["diskMb", diskMb],
    ["diskIsPart", diskMb === undefined || isWhole ? undefined : true],
  ] as const;
  const known = Object.fromEntries(sizes.filter(([, size]) => size !== undefined));
  return { id: task.taskId, ...(name === "" ? {} : { name }), ...known };
}

function numberOf(value: unknown): number | undefined {
  const number = typeof value === "number" ? value : Number.parseFloat(textOf(value));
  return Number.isFinite(number) ? number : undefined;
}

/** What the inbox's search looks through, in lower case as its words are. */
export function searchTextOf(subject: KeptRequest["subject"], entries: readonly (TaskEntry | WholeTask)[]): string {
  const { title, enterprise, virtualDatacenter, virtualAppliance, machines } = subject;
  const names = machines.map(({ name }) => name);
  const requesters = entries.map(({ task }) => task.requester);
  const words = [subject.type, title, enterprise, virtualDatacenter, virtualAppliance, ...names, ...requesters];
  return [...new Set(words)]
    .filter((word) => word !== undefined && word !== "")
    .join(" ")
    .toLowerCase();
}

/** The person as the approval knows them; a bare address for anybody else. */
export function personView(approval: Approval, email: string): PersonView {
  const { policy, told } = approval;
  const people: Person[] = [...told, ...policy.levels.flatMap((level) => [...level.approvers, ...level.escalateTo]), ...policy.fallback];
  const compared = identity(email);
  const found = people.find((person) => identity(person.email) === compared);
  return found?.name === undefined ? { email: found?.email ?? email } : { email: found.email, name: found.name };
}

/** What a vote that counted is taken as: an approval that leaves nothing to approve is a reject. */
export function countedAs(approval: Approval, { by, action }: Pick<Ballot, "by" | "action">): Ballot["action"] {
  const email = identify(approval, by);
  return approval.votes.findLast((vote) => vote.by === email)?.action ?? action;
}
