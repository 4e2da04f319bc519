import { codec } from "../base/codec.ts";
import { isObject, type JsonObject, textOf } from "../base/json.ts";
import type { TaskLinks, TaskSummary } from "./task.ts";

/** @returns what it does not say is empty */
export function summaryOf(value: Readonly<Record<string, unknown>>): TaskSummary {
  return {
    taskId: textOf(value["taskId"]),
    type: textOf(value["type"]),
    state: textOf(value["state"]),
    userId: textOf(value["userId"]),
    ownerId: textOf(value["ownerId"]),
    requester: textOf(value["requester"]),
    createdAt: textOf(value["createdAt"]),
    enterpriseId: textOf(value["enterpriseId"]),
    virtualDatacenterId: textOf(value["virtualDatacenterId"]),
    virtualApplianceId: textOf(value["virtualApplianceId"]),
    virtualMachineId: textOf(value["virtualMachineId"]),
  };
}

/** @returns those that are not there are empty */
export function linksOf(value: Readonly<Record<string, unknown>>): TaskLinks {
  return {
    self: textOf(value["self"]),
    continue: textOf(value["continue"]),
    cancel: textOf(value["cancel"]),
    target: textOf(value["target"]),
    user: textOf(value["user"]),
  };
}

export const keptSummary = codec("task.summary", [], (value) => (isObject(value) ? summaryOf(value) : undefined));

/** 0.1.0 may have kept what only a message said of a task: links of another one, or too few. */
export const keptLinks = codec("task.links", [], (value) => (isObject(value) ? linksOf(value) : undefined));

/** As Abiquo sent the task: its own form, of which nothing is asked but that it is an object. */
export const keptPayload = codec<JsonObject>("payload.body", [], (value) => (isObject(value) ? (value as JsonObject) : undefined));
