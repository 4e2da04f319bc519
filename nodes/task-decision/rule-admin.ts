import type { NodeAPI } from "node-red";
import { signalAfter, systemClock } from "../lib/base/clock.ts";
import { Fault } from "../lib/base/fault.ts";
import { isObject, textOf } from "../lib/base/json.ts";
import { type LedgerTask, recordedTasks } from "../lib/engine/index.ts";
import { adminAction } from "../lib/node-red/admin.ts";
import { type ConnectionNode, connectionsOf, isConnectionNode } from "../lib/node-red/connection.ts";
import { MessageDetails } from "../lib/node-red/details.ts";
import { faultText, textsOf } from "../lib/node-red/text.ts";
import { type FactSourceFor, RulesFault, type Tried, tryRules, type Unreachable, unreachableRules } from "../lib/rules/index.ts";
import { doubtText } from "./decisions.ts";
import { factSource } from "./fact-source.ts";
import { deployedRules } from "./rule-source.ts";
import { compileUnsaved, unsavedRules, withoutValues, writtenRule } from "./unsaved-rules.ts";
import type { DECISION_WORDS } from "./words.ts";

const TYPE = "abiquo-task-decision";

/** Tasks that one trial runs over at the most. */
const MOST_TASKS = 1_000;
/** How long one trial reads from Abiquo, in ms. */
const READING_MS = 30_000;
/** Names that a dialog offers at the most; who has more tenants types. */
const MOST_CHOICES = 500;

/**
 * What the dialog of the rules asks for while they are edited. Nothing here changes anything, but all of it is for
 * those who may: it tells what the environment, the ledger and Abiquo hold.
 */
export function serveRuleAdmin(RED: NodeAPI): void {
  adminAction(RED, `/${TYPE}/check`, `${TYPE}.write`, async (_params, body) => ({ ok: true, ...check(RED, body) }));

  adminAction(RED, `/${TYPE}/choices`, `${TYPE}.write`, async (_params, body) => {
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
    const set = body["rules"] === undefined ? deployed : compileUnsaved(unsavedRules(RED, body));
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

function check(RED: NodeAPI, body: Record<string, unknown>): object {
  const asked = unsavedRules(RED, body);
  try {
    const { list } = compileUnsaved(asked);
    const unreachable = unreachableRules(list).map((found) => ({ rule: found.rule, text: whyUnreachable(RED, asked.written, found) }));
    return { problems: [], unreachable };
  } catch (error) {
    if (!(error instanceof RulesFault)) throw error;
    const problems = error.problems.map(({ rule, condition, code, params }) => ({ rule, condition, text: faultText(RED, code, params) }));
    return { problems, unreachable: [] };
  }
}

function whyUnreachable(RED: NodeAPI, written: unknown, { rule, by, field = "" }: Unreachable): string {
  const say = textsOf<typeof DECISION_WORDS.texts>(RED, TYPE);
  if (by === undefined) return say("reach.contradiction", { field, ...withoutValues({ field }, writtenRule(written, rule)) });
  const covering = writtenRule(written, by);
  const name = isObject(covering) ? textOf(covering["name"]).trim() : "";
  return say("reach.covered", { rule: name === "" ? say("cli.numbered", { number: by + 1 }) : say("cli.named", { name }) });
}

function shownTask(RED: NodeAPI, { task, verdict, before, differs }: Tried): object {
  const { taskId, type, requester } = task.facts["task"] as Record<string, unknown>;
  const { outcome, rule, reason, facts, unjudged } = verdict;
  const why = unjudged === undefined ? {} : { why: doubtText(unjudged, ({ code, params }) => faultText(RED, code, params)) };
  return { taskId, type, requester, at: task.at.toISOString(), outcome, rule, reason, facts, ...why, before: before?.outcome, differs };
}

/** Reads what the ledger does not keep, as the deployed node would. */
function factsFrom(RED: NodeAPI, connection: ConnectionNode): FactSourceFor<LedgerTask> {
  const signal = signalAfter(systemClock, READING_MS);
  const words = ({ code, params }: Fault): string => faultText(RED, code, params);
  return (members, subject) => {
    const entries = members.map(({ entry, facts }) => ({ ...entry, details: facts["details"] }));
    const known = new MessageDetails(connection, { connection: connection.id, group: subject.group }, entries, words, signal);
    const source = factSource(known, subject);
    return {
      async load(field, task) {
        try {
          return await source.load(field, task);
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
