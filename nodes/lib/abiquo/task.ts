import { Fault } from "../base/fault.ts";
import { isObject, type JsonObject, textOf } from "../base/json.ts";
import type { ApiBase } from "./base.ts";
import type { TaskProblemCode } from "./faults.ts";
import { rebase } from "./links.ts";

/** What a decision needs to know of a task; ids are text, since Abiquo has some that are no numbers. */
export interface TaskSummary {
  readonly taskId: string;
  /** DEPLOY, UNDEPLOY, RECONFIGURE; an open set */
  readonly type: string;
  /** QUEUEING while it waits for an answer */
  readonly state: string;
  readonly userId: string;
  readonly ownerId: string;
  /** login name of the user who asked; empty when the link does not say it */
  readonly requester: string;
  /** ISO 8601; empty when unknown */
  readonly createdAt: string;
  /** the requester's enterprise */
  readonly enterpriseId: string;
  readonly virtualDatacenterId: string;
  readonly virtualApplianceId: string;
  readonly virtualMachineId: string;
}

/** Absolute links, all below the connection's URL; `target` and `user` are empty when the task has none. */
export interface TaskLinks {
  readonly self: string;
  readonly continue: string;
  readonly cancel: string;
  readonly target: string;
  readonly user: string;
}

export interface AbiquoTask {
  readonly task: TaskSummary;
  readonly links: TaskLinks;
  /** the task as Abiquo sent it, in the JSON shape */
  readonly payload: JsonObject;
}

interface Link {
  readonly href: string;
  readonly title: string;
}

const TASK_ID = /^[A-Za-z0-9._-]{1,128}$/;
/** Characters of a type, a state, an id or a name: they go into messages, pages, mails and the status of nodes. */
const LONGEST = 256;

/**
 * Reads a Task DTO. Links that it lacks are derived from those it has.
 *
 * @throws Fault ABIQUO_BAD_TASK when it is no task, or has no link that leads to it
 * @throws Fault ABIQUO_BAD_LINK when a link leads somewhere else than below `base`
 */
export function taskFromDto(dto: unknown, base: ApiBase): AbiquoTask {
  if (!isObject(dto)) throw badTask("NOT_AN_OBJECT", "");
  const taskId = ownId(textOf(dto["taskId"]));
  const rels = linksOf(dto["links"]);
  const links = taskLinks(rels, taskId, base);
  const ids = idsIn(links);
  const created = Number(textOf(dto["creationTimestamp"]) || textOf(dto["timestamp"]));
  const short = (value: unknown): string => {
    const text = textOf(value);
    if (text.length > LONGEST) throw badTask("TOO_LONG", taskId);
    return text;
  };
  return {
    task: {
      taskId,
      type: short(dto["type"]),
      state: short(dto["state"]),
      userId: short(dto["userId"]) || ids.user,
      ownerId: short(dto["ownerId"]),
      requester: short(rels.get("user")?.title),
      createdAt: isoTime(created),
      enterpriseId: ids.enterprise,
      virtualDatacenterId: ids.virtualDatacenter,
      virtualApplianceId: ids.virtualAppliance,
      virtualMachineId: ids.virtualMachine,
    },
    links,
    payload: dto as JsonObject,
  };
}

/**
 * The links of a task that something else than Abiquo names, by the same rules as those of a webhook.
 *
 * @param given may lack links; those are derived from the others
 * @throws Fault ABIQUO_BAD_TASK when they are another task's, or do not lead to it
 * @throws Fault ABIQUO_BAD_LINK when one leads somewhere else than below `base`
 */
export function linksOfTask(given: Partial<TaskLinks>, taskId: string, base: ApiBase): TaskLinks {
  const rels = Object.entries(given).map(([rel, href]): [string, Link] => [rel, { href, title: "" }]);
  return taskLinks(new Map(rels), ownId(taskId), base);
}

function ownId(taskId: string): string {
  if (!TASK_ID.test(taskId) || taskId === "." || taskId === "..") throw badTask("NO_TASK_ID", "");
  return taskId;
}

function linksOf(value: unknown): Map<string, Link> {
  const found = new Map<string, Link>();
  if (!Array.isArray(value)) return found;
  for (const link of value as unknown[]) {
    if (!isObject(link) || typeof link["rel"] !== "string" || typeof link["href"] !== "string") continue;
    if (!found.has(link["rel"])) found.set(link["rel"], { href: link["href"], title: textOf(link["title"]) });
  }
  return found;
}

function taskLinks(rels: ReadonlyMap<string, Link>, taskId: string, base: ApiBase): TaskLinks {
  const rebased = (rel: string): string => {
    const href = rels.get(rel)?.href ?? "";
    return href === "" ? "" : rebase(href, base);
  };
  const target = rebased("target") || rebased("virtualmachine");
  const given = { self: rebased("self"), continue: rebased("continue"), cancel: rebased("cancel") };
  const self =
    given.self ||
    given.continue.replace(/\/action\/continue$/, "") ||
    given.cancel.replace(/\/action\/cancel$/, "") ||
    (target === "" ? "" : `${target}/tasks/${taskId}`);
  if (self === "") throw badTask("NO_LINKS", taskId);
  // A task whose links lead to another one would be decided in that one's name.
  if (!self.endsWith(`/tasks/${taskId}`)) throw badTask("LINK_OF_ANOTHER_TASK", taskId);
  const links = {
    self,
    continue: given.continue || `${self}/action/continue`,
    cancel: given.cancel || `${self}/action/cancel`,
    target: target || self.slice(0, self.lastIndexOf("/tasks/")),
    user: rebased("user"),
  };
  if (links.continue !== `${self}/action/continue` || links.cancel !== `${self}/action/cancel`) {
    throw badTask("LINK_OF_ANOTHER_TASK", taskId);
  }
  return links;
}

function idsIn(links: TaskLinks): Record<"enterprise" | "user" | "virtualDatacenter" | "virtualAppliance" | "virtualMachine", string> {
  const after = (link: string, name: string): string => {
    const start = link.indexOf(`/${name}/`);
    if (start < 0) return "";
    const rest = link.slice(start + name.length + 2);
    const end = rest.indexOf("/");
    return end < 0 ? rest : rest.slice(0, end);
  };
  return {
    enterprise: after(links.user, "enterprises"),
    user: after(links.user, "users"),
    virtualDatacenter: after(links.self, "virtualdatacenters"),
    virtualAppliance: after(links.self, "virtualappliances"),
    virtualMachine: after(links.self, "virtualmachines"),
  };
}

/** @param seconds since 1970, as Abiquo counts */
function isoTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return seconds > 0 && !Number.isNaN(date.getTime()) ? date.toISOString() : "";
}

function badTask(problem: TaskProblemCode, taskId: string): Fault {
  return new Fault("ABIQUO_BAD_TASK", { problem, taskId });
}
