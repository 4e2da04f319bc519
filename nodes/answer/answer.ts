import { randomUUID } from "node:crypto";
import type { NodeAPI } from "node-red";
import { isObject, textOf } from "../lib/base/json.ts";
import {
  type AbiquoMessage,
  type Action,
  type Decision,
  decisionIn,
  type FinishedRequest,
  type RequestPort,
  type TaskEntry,
  type TaskResult,
  taskReferences,
} from "../lib/engine/index.ts";
import { Attachment } from "../lib/node-red/attachment.ts";
import { type Done, defineNode, type Message, type NodeKit, type Send } from "../lib/node-red/define.ts";
import { flowsRun, isDeploying } from "../lib/node-red/deploys.ts";
import { typedProperty } from "../lib/node-red/evaluate.ts";
import { keepable } from "../lib/node-red/keepable.ts";
import { sharedText, tell } from "../lib/node-red/text.ts";
import { entriesOf, withEntries } from "../lib/node-red/verdicts.ts";

/** The connection stands still after these; other faults are of one answer. */
const STOPPED_BY_ABIQUO: ReadonlySet<string> = new Set(["ABIQUO_UNAUTHORIZED", "ABIQUO_CLOCK_SKEW"]);

interface Caller {
  readonly message: Message;
  readonly send: Send;
  readonly done: Done;
}

/** abiquo-continue and abiquo-cancel: the decision is made here, and leaves once Abiquo has its answer. */
export function defineAnswerNode(RED: NodeAPI, type: string, action: Action): void {
  defineNode(RED, type, {}, (kit) => {
    const task = typedProperty(kit, "task", { value: "abiquo", type: "msg" });
    const source = isOwnNamespace(kit.config.text("taskType", "msg"), kit.config.text("task", "abiquo")) ? "abiquo" : "elsewhere";
    const text = typedProperty(kit, "message", { value: "", type: "str" });
    /** the messages that have no outcome yet, by the id of their request; they outlive an engine that closes */
    const open = new Map<string, Caller>();
    const showOpen = (): void => {
      if (open.size > 0) kit.show("blue", "dot", "sending", { count: open.size });
    };
    const take = (id: string): Caller | undefined => {
      const caller = open.get(id);
      open.delete(id);
      return caller;
    };
    let isLeavingLater = false;
    const leaveLater = async (): Promise<void> => {
      if (isLeavingLater) return;
      isLeavingLater = true;
      await flowsRun(RED);
      isLeavingLater = false;
      for (const engine of attachment.engines) engine.offerAgain(kit.node.id);
    };
    const port: RequestPort = {
      finished(request) {
        // Its successor lets it leave.
        if (kit.signal.aborted) return false;
        // A node behind that is being restarted would take nothing, and nobody would send it again.
        if (isDeploying(RED)) {
          void leaveLater();
          return false;
        }
        const caller = take(request.id);
        try {
          finish(kit, request, caller);
        } catch (error) {
          // The decision stands and is delivered; only its message cannot leave.
          if (caller === undefined) kit.report(error, JSON.parse(request.message) as Message);
          else caller.done(tell(RED, error));
        }
        showOpen();
        return true;
      },
      stopped(fault, id) {
        if (STOPPED_BY_ABIQUO.has(fault.code)) kit.show("red", "ring", "unauthorized");
        else kit.showFailure();
        take(String(id))?.done(tell(RED, fault));
      },
    };
    const attachment = new Attachment(kit, {
      attach: (engine) => engine.attach(kit.node.id, port),
      async detach(engine) {
        // What is under way is on disk then, and is the successor's to carry on.
        await kit.workDone();
        engine.detach(kit.node.id, port);
      },
    });

    kit.onInput(async (message, send, done) => {
      const connection = kit.connection(message);
      const engine = await connection.engine;
      await attachment.to(engine);
      const named = await task(message);
      const references = taskReferences(named, source);
      kit.reportUnnamed(named, message);
      const own = textOf(await text(message));
      const id = randomUUID();
      open.set(id, { message, send, done });
      showOpen();
      const answering = engine.answer({
        id,
        node: kit.node.id,
        connection,
        action,
        references,
        decision: proposed(kit, message, action),
        text: (decision) => own || decisionText(RED, decision),
        message: keepable(message),
        caller: id,
      });
      await kit.finish(answering).catch((error: unknown) => {
        if (take(id) !== undefined) throw error;
      });
    });
  });
}

function finish(kit: NodeKit, request: FinishedRequest, caller: Caller | undefined): void {
  const original = caller?.message ?? (JSON.parse(request.message) as Message);
  const send: Send = caller?.send ?? ((message) => kit.node.send(message as never));
  const portOf = (wanted: boolean): TaskEntry[] =>
    request.results.flatMap((result) => ("asAsked" in result && result.asAsked === wanted ? [result.entry] : []));
  const faults = request.results.flatMap((result) => ("fault" in result ? [result] : []));
  const answered = portOf(true);
  const otherwise = portOf(false);
  const isGroup = request.results.length > 1 || (isObject(original.abiquo) && original.abiquo.tasks !== undefined);
  // With its caller it has not left before, whatever became of the engine.
  const isAgain = request.redelivered && caller === undefined;
  const bothPorts = answered.length > 0 && otherwise.length > 0;
  send([
    answered.length === 0 ? null : outgoing(kit, bothPorts ? kit.RED.util.cloneMessage(original) : original, answered, isGroup, isAgain),
    otherwise.length === 0 ? null : outgoing(kit, original, otherwise, isGroup, isAgain),
  ]);
  showResult(kit, answered, otherwise, faults);
  const fault = faults[0];
  if (caller === undefined) {
    if (fault !== undefined) kit.report(fault.fault, original);
  } else {
    caller.done(fault === undefined ? undefined : tell(kit.RED, fault.fault));
  }
}

function outgoing(kit: NodeKit, message: Message, entries: readonly TaskEntry[], isGroup: boolean, isAgain: boolean): Message {
  const before = (isObject(message.abiquo) ? message.abiquo : {}) as Partial<AbiquoMessage>;
  const detailsOf = new Map(entriesOf(message.abiquo).map(({ task, details }) => [task.taskId, details]));
  const complete = entries.map((entry) => {
    const details = detailsOf.get(entry.task.taskId);
    return details === undefined ? entry : { ...entry, details };
  });
  message.abiquo = {
    // The message's own comes first: the node may have got another connection since the message came.
    ...withEntries({ ...before, connection: before.connection || kit.connection().id, tasks: isGroup ? [] : undefined }, complete),
    ...(isAgain ? { redelivered: true } : {}),
  };
  return message;
}

function showResult(kit: NodeKit, answered: TaskEntry[], otherwise: TaskEntry[], faults: readonly TaskResult[]): void {
  if (faults.length > 0) kit.showFailure();
  else if (otherwise.some(({ answer }) => answer?.outcome === "gone")) kit.show("yellow", "ring", "gone");
  else if (otherwise.length > 0) kit.show("yellow", "ring", "already");
  else if (answered.length > 0) kit.show("green", "dot", "sent");
}

/** True for `msg.abiquo` and what is in it. */
function isOwnNamespace(type: string, property: string): boolean {
  return type === "msg" && /^abiquo(?![\w$])/.test(property);
}

/** What the message proposes, when it proposes what this node does; else the flow itself decides by its wires. */
function proposed(kit: NodeKit, message: Message, action: Action): Decision {
  const decision = decisionIn(message.abiquo?.decision);
  if (decision?.action === action) return decision;
  const by = kit.node.name || sharedText(kit.RED, "answer.byFlow");
  return { action, by, cause: "rule", at: new Date().toISOString() };
}

/** The text that Abiquo keeps with the task. */
function decisionText(RED: NodeAPI, { action, by, rule, reason }: Decision): string {
  const key = rule === undefined ? `answer.${action}` : `answer.${action}ByRule`;
  const text = sharedText(RED, key, { by, rule: rule ?? "" });
  return reason === undefined || reason === "" ? text : `${text} ${reason}`;
}
