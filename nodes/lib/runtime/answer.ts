import type { NodeAPI } from "node-red";
import {
  type AbiquoMessage,
  type Action,
  type Decision,
  type Engine,
  decisionIn,
  type FinishedRequest,
  type TaskEntry,
  type TaskResult,
  taskReferences,
} from "../engine/index.ts";
import { isObject, textOf } from "../json.ts";
import { connectionsOf } from "./connection.ts";
import { defineNode, type Done, type Message, type NodeKit, type Send } from "./define.ts";
import { typedProperty } from "./evaluate.ts";
import { keepable } from "./keepable.ts";
import { attachToStore } from "./store-access.ts";
import { sharedText, tell } from "./text.ts";
import { entriesOf, withEntries } from "./verdicts.ts";

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
    let open = 0;
    const showOpen = (): void => {
      if (open > 0) kit.show("blue", "dot", "sending", { count: open });
    };
    const attached = new Map<unknown, Promise<void>>();

    kit.onInput(async (message, send, done) => {
      const connection = kit.connection(message);
      const engine = await connection.engine;
      await attach(engine);
      const references = taskReferences(await task(message), source);
      const own = textOf(await text(message));
      open++;
      showOpen();
      try {
        await engine.answer({
          node: kit.node.id,
          connection,
          action,
          references,
          decision: proposed(kit, message, action),
          text: (decision) => own || decisionText(RED, decision),
          message: keepable(message),
          caller: { message, send, done } satisfies Caller,
        });
      } catch (error) {
        open--;
        throw error;
      }
    });

    kit.onStart(async () => {
      await Promise.all(connectionsOf(RED).map((connection) => attachToStore(kit, connection, attach)));
    });

    function attach(engine: Engine): Promise<void> {
      let attaching = attached.get(engine);
      if (attaching === undefined) {
        kit.onClose(() => engine.detach(kit.node.id));
        attaching = engine.attach(kit.node.id, {
          finished(request) {
            if (kit.signal.aborted) return false;
            if (request.caller !== undefined) open--;
            try {
              finish(kit, request);
            } catch (error) {
              // The decision stands and is delivered; only its message cannot leave.
              if (request.caller === undefined) kit.report(error, JSON.parse(request.message) as Message);
              else (request.caller as Caller).done(tell(RED, error));
            }
            showOpen();
            return true;
          },
          stopped(fault, caller) {
            open--;
            kit.show("red", "ring", "unauthorized");
            (caller as Caller).done(tell(RED, fault));
          },
        });
        attached.set(engine, attaching);
        // What could not be read from the store is read by the next attempt.
        attaching.catch(() => attached.delete(engine));
      }
      return attaching;
    }
  });
}

function finish(kit: NodeKit, request: FinishedRequest): void {
  const caller = request.caller as Caller | undefined;
  const original = caller?.message ?? (JSON.parse(request.message) as Message);
  const send: Send = caller?.send ?? ((message) => kit.node.send(message as never));
  const portOf = (wanted: boolean): TaskEntry[] =>
    request.results.flatMap((result) => ("asAsked" in result && result.asAsked === wanted ? [result.entry] : []));
  const faults = request.results.flatMap((result) => ("fault" in result ? [result] : []));
  const answered = portOf(true);
  const otherwise = portOf(false);
  const bothPorts = answered.length > 0 && otherwise.length > 0;
  send([
    answered.length === 0 ? null : outgoing(kit, bothPorts ? kit.RED.util.cloneMessage(original) : original, answered, request),
    otherwise.length === 0 ? null : outgoing(kit, original, otherwise, request),
  ]);
  showResult(kit, answered, otherwise, faults);
  const fault = faults[0];
  if (caller === undefined) {
    if (fault !== undefined) kit.report(fault.fault, original);
  } else {
    caller.done(fault === undefined ? undefined : tell(kit.RED, fault.fault));
  }
}

function outgoing(kit: NodeKit, message: Message, entries: readonly TaskEntry[], request: FinishedRequest): Message {
  const before = (isObject(message.abiquo) ? message.abiquo : {}) as Partial<AbiquoMessage>;
  const detailsOf = new Map(entriesOf(message.abiquo).map(({ task, details }) => [task.taskId, details]));
  const complete = entries.map((entry) => {
    const details = detailsOf.get(entry.task.taskId);
    return details === undefined ? entry : { ...entry, details };
  });
  const isGroup = request.results.length > 1 || before.tasks !== undefined;
  message.abiquo = {
    // The message's own comes first: the node may have got another connection since the message came.
    ...withEntries({ ...before, connection: before.connection || kit.connection().id, tasks: isGroup ? [] : undefined }, complete),
    ...(request.redelivered ? { redelivered: true } : {}),
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
