import type { NodeAPI } from "node-red";
import { type LedgerTask, recordedTasks } from "../engine/index.ts";
import { Fault } from "../fault.ts";
import { isObject, textOf } from "../json.ts";
import {
  compileRules,
  type FactSourceFor,
  type Outcome,
  RulesFault,
  type RuleSet,
  type Scope,
  type Tried,
  tryRules,
  type Unreachable,
  unreachableRules,
} from "../rules/index.ts";
import { adminAction } from "./admin.ts";
import { type ConnectionNode, connectionsOf, isConnectionNode } from "./connection.ts";
import { MessageDetails } from "./details.ts";
import { factSource } from "./fact-source.ts";
import { deployedRules } from "./rule-source.ts";
import { faultText, translated } from "./text.ts";
import { doubtText } from "./verdicts.ts";

const TYPE = "abiquo-task-decision";

/** Tasks that one trial runs over at the most. */
const MOST_TASKS = 1_000;
/** How long one trial reads from Abiquo, in ms. */
const READING_MS = 30_000;
/** Names that a dialog offers at the most; who has more tenants types. */
const MOST_CHOICES = 500;

/** What the dialog of the rules asks for while they are edited. Nothing here changes anything. */
export function ruleDesk(RED: NodeAPI): void {
  // Rules may name environment variables, whose values a refusal quotes: that is for those who may deploy.
  adminAction(RED, `/${TYPE}/check`, `${TYPE}.write`, async (_params, body) => ({ ok: true, ...check(RED, body) }));

  adminAction(RED, `/${TYPE}/choices`, `${TYPE}.read`, async (_params, body) => {
    const { client } = connectionIn(RED, body);
    // Who may see one of the two is offered that one.
    const [enterprises, roles] = await Promise.all([someOf(client.enterprises()), someOf(client.roleNames())]);
    return { ok: true, enterprises: enterprises.map(({ id, name }) => ({ id, name })), roles };
  });

  adminAction(RED, `/${TYPE}/try`, `${TYPE}.write`, async (_params, body) => {
    const connection = connectionIn(RED, body);
    const limit = Math.min(Math.max(1, Math.trunc(Number(body["limit"])) || 0), MOST_TASKS);
    const tasks = await recordedTasks((await connection.engine).ledger, { api: connection.base, limit });
    const deployed = deployedRules(RED.nodes.getNode(textOf(body["id"])));
    const set = body["rules"] === undefined ? deployed : setIn(RED, body);
    if (set === undefined) throw new Fault("RULES_NOT_DEPLOYED");
    const source = body["read"] === true ? factsFrom(RED, connection) : undefined;
    const { tried, counts, differing } = await tryRules(tasks, set, deployed, source);
    return { ok: true, counts, compared: deployed !== undefined, differing, tasks: tried.map((one) => shownTask(RED, one)) };
  });
}

/** The first of them; none where Abiquo does not give them to this user. */
async function someOf<T>(all: AsyncIterable<T>): Promise<T[]> {
  const some: T[] = [];
  try {
    for await (const one of all) {
      some.push(one);
      if (some.length >= MOST_CHOICES) break;
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
  }
  return some;
}

/** The rules as a deploy would make them. @throws RulesFault when they are wrong */
function setIn(RED: NodeAPI, body: Record<string, unknown>): RuleSet {
  const list = rulesIn(RED, body);
  const options = { otherwise: body["otherwise"] as Outcome, scope: body["scope"] as Scope };
  return { rules: compileRules(list, options), list, ...options };
}

function rulesIn(RED: NodeAPI, body: Record<string, unknown>): readonly unknown[] {
  const node: unknown = RED.nodes.getNode(textOf(body["id"]));
  const { getSetting } = RED.util as unknown as { getSetting(node: unknown, name: string): unknown };
  const substituted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(substituted);
    if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, substituted(inner)]));
    const name = typeof value === "string" ? /^\$\{(\S+)\}$/.exec(value)?.[1] : undefined;
    return name === undefined ? value : (getSetting(node, name) ?? value);
  };
  return Array.isArray(body["rules"]) ? body["rules"].map(substituted) : [];
}

function check(RED: NodeAPI, body: Record<string, unknown>): object {
  const list = rulesIn(RED, body);
  try {
    setIn(RED, body);
  } catch (error) {
    if (!(error instanceof RulesFault)) throw error;
    const problems = error.problems.map(({ rule, condition, code, params }) => ({ rule, condition, text: faultText(RED, code, params) }));
    return { problems, unreachable: [] };
  }
  const unreachable = unreachableRules(list).map((found) => ({ rule: found.rule, text: whyUnreachable(RED, list, found) }));
  return { problems: [], unreachable };
}

function whyUnreachable(RED: NodeAPI, list: readonly unknown[], { by, field = "" }: Unreachable): string {
  if (by === undefined) return translated(RED, `${TYPE}.reach.contradiction`, { field });
  const name = textOf((list[by] as Record<string, unknown>)["name"]).trim();
  return translated(RED, `${TYPE}.reach.covered`, {
    rule: name === "" ? translated(RED, `${TYPE}.cli.numbered`, { number: by + 1 }) : translated(RED, `${TYPE}.cli.named`, { name }),
  });
}

function shownTask(RED: NodeAPI, { task, verdict, before, differs }: Tried): object {
  const { taskId, type, requester } = task.facts["task"] as Record<string, unknown>;
  const { outcome, rule, reason, facts, unjudged } = verdict;
  const why = unjudged === undefined ? {} : { why: doubtText(unjudged, ({ code, params }) => faultText(RED, code, params)) };
  return { taskId, type, requester, at: task.at.toISOString(), outcome, rule, reason, facts, ...why, before: before?.outcome, differs };
}

/** Reads what the ledger does not keep, as the deployed node would. */
function factsFrom(RED: NodeAPI, connection: ConnectionNode): FactSourceFor<LedgerTask> {
  const signal = AbortSignal.timeout(READING_MS);
  const words = ({ code, params }: Fault): string => faultText(RED, code, params);
  return (members, subject) => {
    const entries = members.map(({ entry, facts }) => ({ ...entry, details: facts["details"] }));
    const known = new MessageDetails(connection, { connection: connection.id, group: subject.group }, entries, words, signal);
    const source = factSource(known, subject);
    return {
      async seek(field, task) {
        try {
          return await source.seek(field, task);
        } catch (error) {
          if (signal.aborted) return new Fault("TRIAL_TOO_LONG", { seconds: READING_MS / 1000 });
          throw error;
        }
      },
    };
  };
}

/** The connection that the dialog names, or the only one. @throws Fault CONNECTION_NOT_DEPLOYED */
function connectionIn(RED: NodeAPI, body: Record<string, unknown>): ConnectionNode {
  const id = textOf(body["connection"]);
  const node: unknown = id === "" ? undefined : RED.nodes.getNode(id);
  if (isConnectionNode(node)) return node.abiquo;
  const [only, ...others] = id === "" ? connectionsOf(RED) : [];
  if (only !== undefined && others.length === 0) return only;
  throw new Fault("CONNECTION_NOT_DEPLOYED");
}
