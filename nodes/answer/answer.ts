import type { NodeAPI } from "node-red";
import { systemClock, timestamp } from "../lib/base/clock.ts";
import type { Fault } from "../lib/base/fault.ts";
import { isObject, textOf } from "../lib/base/json.ts";
import {
  type AbiquoMessage,
  type Action,
  type Decision,
  decisionIn,
  type FinishedSubmission,
  type ListedEntry,
  SubmissionPort,
  type TaskEntry,
  taskReferences,
} from "../lib/engine/index.ts";
import { Attachment } from "../lib/node-red/attachment.ts";
import type { ConnectionNode } from "../lib/node-red/connection.ts";
import { defineNode, type Message, type Send } from "../lib/node-red/define.ts";
import { flowsRun, isDeploying } from "../lib/node-red/deploys.ts";
import { typedProperty } from "../lib/node-red/evaluate.ts";
import { onceStoreWorks } from "../lib/node-red/store-access.ts";
import { messageIn, storedMessage } from "../lib/node-red/stored-message.ts";
import { entriesOf, withEntries } from "../lib/node-red/task-entries.ts";
import { sharedText, tell } from "../lib/node-red/text.ts";
import { ANSWER_WORDS, type AnswerKit } from "./words.ts";

/** A decision that Abiquo is told. */
type Answered = Decision & { readonly action: Action };

/** A message that leaves with its outcomes. */
interface Departure {
  readonly message: Message;
  readonly send: Send;
  /** it may have left before */
  readonly isAgain: boolean;
}

/** abiquo-continue and abiquo-cancel: the decision is made here, and leaves once Abiquo has its answer. */
export function defineAnswerNode(RED: NodeAPI, type: string, action: Action): void {
  defineNode(RED, type, { words: ANSWER_WORDS }, (kit) => {
    const task = typedProperty(kit, "task", { value: "abiquo", type: "msg" });
    const source = isOwnNamespace(kit.config.text("taskType", "msg"), kit.config.text("task", "abiquo")) ? "abiquo" : "elsewhere";
    const text = typedProperty(kit, "message", { value: "", type: "str" });
    const showInFlight = (): void => {
      if (port.inFlight > 0) kit.show("sending");
    };
    const emitted = (submission: FinishedSubmission, departure: Departure): Error | undefined => {
      try {
        const fault = emit(kit, submission, departure);
        return fault === undefined ? undefined : tell(RED, fault);
      } catch (error) {
        // The decision stands and is delivered; only its message cannot leave.
        return tell(RED, error);
      }
    };
    let isOfferedLater = false;
    const offerLater = async (): Promise<void> => {
      if (isOfferedLater) return;
      isOfferedLater = true;
      await flowsRun(RED);
      isOfferedLater = false;
      for (const engine of attachment.engines) engine.offerAgain(kit.node.id);
    };
    const port = new SubmissionPort({
      canLeave() {
        // Its successor lets it leave.
        if (kit.signal.aborted) return false;
        // A node behind that is being restarted would take nothing, and nobody would send it again.
        if (isDeploying(RED)) void offerLater();
        return !isDeploying(RED);
      },
      left(submission) {
        const message = messageIn(submission.message);
        const fault = emitted(submission, { message, send: (out) => kit.node.send(out as never), isAgain: submission.redelivered });
        if (fault !== undefined) kit.report(fault, message);
        showInFlight();
      },
      // The connection tells Catch, once for all that waits.
      halted: () => kit.show("unauthorized"),
      unread: (fault) => kit.report(fault),
    });
    const attachment = new Attachment(kit, {
      attach: (engine) => engine.attach(kit.node.id, port),
      async detach(engine) {
        // What is in flight is on disk then, and is the successor's to carry on.
        await kit.inFlightSettled();
        engine.detach(kit.node.id, port);
      },
    });

    kit.onInput(async (message, send, done) => {
      const theirs = (): ConnectionNode => kit.connection(message);
      const outcome = await onceStoreWorks(kit, theirs, async () => {
        const connection = theirs();
        const engine = await connection.engine;
        await attachment.to(engine);
        const named = await task(message);
        const references = taskReferences(named, source);
        kit.reportUnnamed(named, message);
        const own = textOf(await text(message));
        const call = {
          node: kit.node.id,
          connection,
          action,
          references,
          decision: proposed(kit, message, action),
          text: (decision: Answered) => own || decisionText(RED, decision),
          message: storedMessage(message),
        };
        const answering = port.outcome((id) => kit.finish(engine.answer({ ...call, id })));
        showInFlight();
        return answering;
      });
      if ("stopped" in outcome) {
        kit.showFailure();
        return done(tell(RED, outcome.stopped));
      }
      // With its caller it has not left before, whatever became of the engine.
      done(emitted(outcome.finished, { message, send, isAgain: false }));
      showInFlight();
    });
  });
}

/** Lets the message leave with its outcomes. @returns what its caller, or Catch, is to be told */
function emit(kit: AnswerKit, { results }: FinishedSubmission, { message, send, isAgain }: Departure): Fault | undefined {
  const portOf = (wanted: boolean): TaskEntry[] =>
    results.flatMap((result) => ("asAsked" in result && result.asAsked === wanted ? [result.entry] : []));
  const faults = results.flatMap((result) => ("fault" in result ? [result.fault] : []));
  const answered = portOf(true);
  const otherwise = portOf(false);
  const isGroup = results.length > 1 || (isObject(message.abiquo) && message.abiquo.tasks !== undefined);
  const bothPorts = answered.length > 0 && otherwise.length > 0;
  send([
    answered.length === 0 ? null : outgoing(kit, bothPorts ? kit.RED.util.cloneMessage(message) : message, answered, isGroup, isAgain),
    otherwise.length === 0 ? null : outgoing(kit, message, otherwise, isGroup, isAgain),
  ]);
  showResult(kit, answered, otherwise, faults);
  return faults[0];
}

function outgoing(kit: AnswerKit, message: Message, entries: readonly TaskEntry[], isGroup: boolean, isAgain: boolean): Message {
  // How far the answer had got when it was listed is no longer so.
  const { delivery: _outdated, ...before } = (isObject(message.abiquo) ? message.abiquo : {}) as Partial<AbiquoMessage & ListedEntry>;
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

function showResult(kit: AnswerKit, answered: TaskEntry[], otherwise: TaskEntry[], faults: readonly Fault[]): void {
  if (faults.length > 0) kit.showFailure();
  else if (otherwise.some(({ answer }) => answer?.outcome === "gone")) kit.show("gone");
  else if (otherwise.length > 0) kit.show("already");
  else if (answered.length > 0) kit.show("sent");
}

/** True for `msg.abiquo` and what is in it. */
function isOwnNamespace(type: string, property: string): boolean {
  return type === "msg" && /^abiquo(?![\w$])/.test(property);
}

/** What the message proposes, when it proposes what this node does; else the flow itself decides by its wires. */
function proposed(kit: AnswerKit, message: Message, action: Action): Decision {
  const decision = decisionIn(message.abiquo?.decision);
  if (decision?.action === action) return decision;
  const by = kit.node.name || sharedText(kit.RED, "answer.byFlow");
  return { action, by, cause: "rule", at: timestamp(systemClock) };
}

/** The text that Abiquo keeps with the task. */
function decisionText(RED: NodeAPI, { action, by, rule, reason }: Answered): string {
  const text = rule === undefined ? sharedText(RED, `answer.${action}`, { by }) : sharedText(RED, `answer.${action}ByRule`, { by, rule });
  return reason === undefined || reason === "" ? text : `${text} ${reason}`;
}
