import { identity, parseBallot, parseCommand } from "../lib/approval/index.ts";
import { Fault } from "../lib/base/fault.ts";
import { isObject, textOf } from "../lib/base/json.ts";
import {
  type AbiquoMessage,
  type ApprovalOutcome,
  type ApprovalPort,
  countedAs,
  type Engine,
  type Notification,
  type OpenedApproval,
  type TaskEntry,
  taskReferences,
} from "../lib/engine/index.ts";
import type { NotificationRecord } from "../lib/ledger/index.ts";
import { Attachment } from "../lib/node-red/attachment.ts";
import type { ConnectionNode } from "../lib/node-red/connection.ts";
import type { Message, Send } from "../lib/node-red/define.ts";
import { flowsRun } from "../lib/node-red/deploys.ts";
import { typedProperty } from "../lib/node-red/evaluate.ts";
import { journeysOf } from "../lib/node-red/journeys.ts";
import { redeployedBelow } from "../lib/node-red/redeploy.ts";
import { onceStoreWorks } from "../lib/node-red/store-access.ts";
import { messageIn, storedMessage } from "../lib/node-red/stored-message.ts";
import { entriesOf, withEntries } from "../lib/node-red/task-entries.ts";
import { approvalTerms } from "./terms.ts";
import type { ApprovalKit } from "./words.ts";

/** The node's ports, in the order of its outputs. */
const PORTS = ["notify", "approved", "rejected", "withdrawn", "vote"] as const;
type Port = (typeof PORTS)[number];

/** After how long a notification counts as sent although the nodes behind are not done with it, in ms. */
const LONGEST_JOURNEY = 15_000;

/** The node abiquo-approval: asks people, takes their votes from messages, and lets outcomes leave. */
export class ApprovalNode {
  readonly #kit: ApprovalKit;
  readonly #key: string;
  readonly #attachment: Attachment;
  readonly #ask: (message: Message) => Promise<void>;
  /** addresses of the approvers by alias */
  readonly #emails: ReadonlyMap<string, string>;
  /** how many deploys have restarted nodes to which messages of this one go */
  #redeploys = 0;
  /** an outcome has left, and the status shows the last one while nothing waits */
  #hasLet = false;

  /** @throws Fault of the configuration */
  constructor(kit: ApprovalKit) {
    this.#kit = kit;
    this.#key = kit.config.text("key") || kit.node.id;
    const scope = kit.config.choice("scope", ["task", "group"]);
    const title = typedProperty(kit, "title", { value: "", type: "str" });
    const { termsOf, emails } = approvalTerms(kit);
    this.#emails = emails;
    this.#ask = async (message) => {
      const references = taskReferences(message.abiquo);
      kit.reportUnnamed(message.abiquo, message);
      const theirs = (): ConnectionNode => kit.connection(message);
      await onceStoreWorks(kit, theirs, async () => {
        const connection = theirs();
        const engine = await connection.engine;
        await this.#attachment.to(engine);
        await engine.ask({
          key: this.#key,
          connection,
          // A list is no group: its tasks may be of tenants whose approvers have nothing to do with each other.
          scope: isGroup(message) ? scope : "task",
          title: textOf(await title(message)),
          terms: { ...(await termsOf(message)), publicUrl: connection.publicUrl },
          ...afterwards(message),
          messageFor: (entries) => storedMessage(messageAbout(message, entries)),
          references,
        });
      });
    };
    kit.onStart(() => {
      if (hasConnection(kit) && kit.connection().publicUrl === "") kit.node.warn(kit.text("warning.noPublicUrl"));
    });
    const ports = new WeakMap<Engine, ApprovalPort>();
    this.#attachment = new Attachment(kit, {
      attach: (engine) => {
        const port = ports.get(engine) ?? this.#portTo(engine);
        ports.set(engine, port);
        // A key that is taken may be free at the next attempt.
        const attaching = engine.compared().then(() => engine.approvals.attach(this.#key, port));
        return attaching.catch((problem: unknown) => {
          if (problem instanceof Fault && problem.code === "APPROVAL_KEY_TAKEN") kit.show("keyTaken");
          throw problem;
        });
      },
      detach: (engine) => engine.approvals.detach(this.#key, ports.get(engine) as ApprovalPort),
    });
    redeployedBelow(kit, async () => {
      this.#redeploys++;
      for (const engine of this.#attachment.engines) await engine.approvals.resume(this.#key);
    });
  }

  /** A request, a vote, a command, or what a channel says of a notification. */
  async take(message: Message, send: Send): Promise<void> {
    const abiquo: Record<string, unknown> = isObject(message.abiquo) ? message.abiquo : {};
    if (isObject(abiquo["vote"])) return this.#vote(message, abiquo["vote"], send);
    if (isObject(abiquo["control"])) return this.#control(message, abiquo["control"], send);
    if (isObject(abiquo["notified"])) return this.#notified(message, abiquo["notified"]);
    await this.#ask(message);
    this.#kit.show("asked");
  }

  /**
   * Where somebody who has signed in to Node-RED finds what waits for them.
   *
   * @param user an e-mail address, or one of the aliases of an approver
   * @throws Fault APPROVAL_NOT_SIGNED_IN, APPROVAL_NO_ADDRESS, PUBLIC_URL_MISSING
   */
  async inboxOf(user: string): Promise<string> {
    if (user === "") throw new Fault("APPROVAL_NOT_SIGNED_IN");
    const email = user.includes("@") ? user : this.#emails.get(identity(user));
    if (email === undefined) throw new Fault("APPROVAL_NO_ADDRESS", { user });
    const { engine, publicUrl } = this.#kit.connection();
    if (publicUrl === "") throw new Fault("PUBLIC_URL_MISSING");
    return `${publicUrl}${await (await engine).desk.inboxPath(email)}`;
  }

  async #vote(message: Message, given: Record<string, unknown>, send: Send): Promise<void> {
    const id = idIn(given);
    const ballot = parseBallot(given);
    const { result, why, decidedBy, at, approval } = await this.#inItsStore(message, ({ approvals }) => approvals.vote(id, ballot));
    const vote = {
      ...given,
      result,
      ...(why === undefined ? {} : { why }),
      ...(decidedBy === undefined ? {} : { decidedBy }),
      ...timeOf(at),
      ...(result === "counted" && countedAs(approval, ballot) !== ballot.action ? { countedAs: countedAs(approval, ballot) } : {}),
    };
    if (result === "forbidden") this.#kit.show("forbidden");
    message.abiquo = { ...message.abiquo, vote } as unknown as AbiquoMessage;
    send(atPort("vote", message));
  }

  async #control(message: Message, given: Record<string, unknown>, send: Send): Promise<void> {
    if (given["action"] === "revoke-links") return this.#revokeLinks(message, given, send);
    const id = idIn(given);
    const command = parseCommand(given);
    const { result, why, decidedBy, at } = await this.#inItsStore(message, ({ approvals }) => approvals.command(id, command));
    const control = {
      ...given,
      result,
      ...(why === undefined ? {} : { why }),
      ...(decidedBy === undefined ? {} : { decidedBy }),
      ...timeOf(at),
    };
    message.abiquo = { ...message.abiquo, control } as unknown as AbiquoMessage;
    send(atPort("vote", message));
  }

  /** Of the whole store: a link is signed by keys that all its requests share. */
  async #revokeLinks(message: Message, given: Record<string, unknown>, send: Send): Promise<void> {
    const [by = "", reason = ""] = [given["by"], given["reason"]].map((text) => textOf(text).replace(/\s+/g, " ").trim().slice(0, 200));
    const { desk } = await this.#kit.connection(message).engine;
    const answer =
      by === ""
        ? { result: "forbidden", why: "BY_REQUIRED" }
        : { result: "done", ...timeOf((await desk.revokeLinks(by, reason || undefined)).at) };
    if (answer.result === "done") this.#kit.node.log(this.#kit.text("log.linksRevoked", { by, reason: reason || "-" }));
    message.abiquo = { ...message.abiquo, control: { ...given, ...answer } } as unknown as AbiquoMessage;
    send(atPort("vote", message));
  }

  async #notified(message: Message, given: Record<string, unknown>): Promise<void> {
    const notification = textOf(given["notification"]);
    if (notification === "") throw new Fault("APPROVAL_NOTIFICATION_MISSING");
    const ref = textOf(given["ref"]);
    const engine = await this.#engineOf(notification, message);
    await engine.approvals.notified(notification, { ref, failed: given["failed"] === true });
  }

  async #engineOf(notification: string, message: Message): Promise<Engine> {
    if (hasConnection(this.#kit)) return this.#kit.connection().engine;
    for (const engine of this.#attachment.engines) {
      if ((await engine.ledger.notifications.get(notification)) !== undefined) return engine;
    }
    return this.#kit.connection(message).engine;
  }

  /**
   * What a message says of a request is for the store that keeps it: chats know no connections, and those of one
   * store serve each other's requests.
   *
   * @throws Fault ABIQUO_NO_CONNECTION
   */
  async #inItsStore<Result>(message: Message, work: (engine: Engine) => Promise<Result>): Promise<Result> {
    if (hasConnection(this.#kit)) return work(await this.#kit.connection().engine);
    for (const engine of this.#attachment.engines) {
      try {
        return await work(engine);
      } catch (problem) {
        if (!isUnknown(problem)) throw problem;
      }
    }
    return work(await this.#kit.connection(message).engine);
  }

  #portTo(engine: Engine): ApprovalPort {
    const { node, RED } = this.#kit;
    return {
      notify: async (opened, notification, record) => {
        const message = await notificationMessage(engine, opened, notification, record);
        await flowsRun(RED);
        if (this.#kit.signal.aborted) return false;
        if (message === undefined) return true;
        // A stop or a deploy takes it from the nodes behind unless they are done with it: then it leaves again.
        const _msgid = RED.util.generateId();
        const send = (): void => node.send(atPort("notify", { _msgid, ...message }) as never);
        const before = this.#redeploys;
        const isOver = await journeysOf(RED).send(_msgid, send, LONGEST_JOURNEY, this.#kit.signal);
        // A node that was being restarted took nothing, or lost it: a journey into it ends at once.
        await flowsRun(RED);
        return isOver && !this.#kit.signal.aborted && this.#redeploys === before;
      },
      leave: (outcome) => {
        this.#hasLet = true;
        const message = outcomeMessage(outcome);
        this.#kit.show(outcome.port);
        node.send(atPort(outcome.port, message) as never);
      },
      report: (problem) => {
        if (problem instanceof Fault && problem.code === "APPROVAL_STUCK") this.#kit.show("stuck");
        this.#kit.report(problem);
      },
      count: (open) => {
        if (open > 0) this.#kit.show("waiting", { count: open });
        else if (!this.#hasLet) this.#kit.show("idle");
      },
    };
  }
}

function isUnknown(problem: unknown): boolean {
  return problem instanceof Fault && problem.code === "APPROVAL_UNKNOWN";
}

/** A node may leave its connection to the message. */
function hasConnection(kit: ApprovalKit): boolean {
  return kit.config.text("connection") !== "";
}

/** The tasks of one POST; one that came alone is a group too. */
function isGroup({ abiquo }: Message): boolean {
  return isObject(abiquo) && isObject(abiquo["group"]);
}

/** What an approval let leave comes to the next one: that is how far the flow has got with it. */
function afterwards({ abiquo }: Message): { after?: string } {
  const before: unknown = isObject(abiquo) ? abiquo["approval"] : undefined;
  const after = isObject(before) ? textOf(before["id"]) : "";
  return after === "" ? {} : { after };
}

/** The message as it would be about these tasks only. */
function messageAbout(message: Message, entries: readonly TaskEntry[]): Message {
  const { abiquo, payload } = message;
  if (abiquo?.tasks === undefined || entries.length === abiquo.tasks.length) return message;
  const ids = new Set(entries.map(({ task }) => task.taskId));
  const isOurs = (part: unknown): boolean => isObject(part) && ids.has(textOf(part["taskId"]));
  const parts = Array.isArray(payload) ? (payload as unknown[]).filter(isOurs) : [];
  const { tasks: _tasks, ...rest } = abiquo;
  return { ...message, payload: parts.length === 1 ? parts[0] : payload, abiquo: { ...rest, ...entries[0] } };
}

function atPort(port: Port, message: object): (object | null)[] {
  return PORTS.map((each) => (each === port ? message : null));
}

/** @throws Fault APPROVAL_ID_MISSING */
function idIn(given: Record<string, unknown>): string {
  const id = textOf(given["id"]).trim();
  if (id === "") throw new Fault("APPROVAL_ID_MISSING");
  return id;
}

function timeOf(at: number | undefined): { at?: string } {
  return at === undefined ? {} : { at: new Date(at).toISOString() };
}

/** A message to one person, as the e-mail node and chat nodes take it. */
async function notificationMessage(
  { desk }: Engine,
  opened: OpenedApproval,
  notification: Notification,
  { id, ref }: NotificationRecord,
): Promise<object | undefined> {
  const letter = await desk.letter(opened, notification);
  if (letter === undefined) return undefined;
  const { kind, level, person, dueAt } = notification;
  return {
    to: person.email,
    topic: letter.subject,
    payload: letter.html,
    plaintext: letter.text,
    abiquo: {
      connection: opened.record.connection,
      approval: {
        id: opened.record.id,
        kind,
        level,
        person,
        ...(dueAt === undefined ? {} : { dueAt: new Date(dueAt).toISOString() }),
        notification: id,
        ...(ref === undefined || ref === "" ? {} : { ref }),
        links: letter.links,
        text: letter.chat,
      },
    },
  };
}

/** The message that asked, with what became of its tasks. */
function outcomeMessage({ connection, message, entries, approval, redelivered }: ApprovalOutcome): Message {
  const original = messageIn(message);
  const before = (isObject(original.abiquo) ? original.abiquo : {}) as AbiquoMessage;
  const detailsOf = new Map(entriesOf(before).map(({ task, details }) => [task.taskId, details]));
  const complete = entries.map((entry) => {
    const details = detailsOf.get(entry.task.taskId) ?? (entries.length === 1 ? before.details : undefined);
    return details === undefined ? entry : { ...entry, details };
  });
  const isGroup = before.tasks !== undefined && complete.length > 0;
  original.abiquo = {
    ...withEntries({ ...before, connection: before.connection || connection, tasks: isGroup ? [] : undefined }, complete),
    ...(approval === undefined ? {} : { approval }),
    ...(redelivered ? { redelivered: true } : {}),
  } as AbiquoMessage;
  return original;
}
