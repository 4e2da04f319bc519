import { parsePolicy, type RawPolicy } from "../../../nodes/lib/approval/index.ts";
import type { Fault } from "../../../nodes/lib/base/fault.ts";
import {
  type ApprovalOutcome,
  type ApprovalPort,
  type Engine,
  type Notification,
  type OpenedApproval,
  type Page,
  type Place,
  taskReferences,
} from "../../../nodes/lib/engine/index.ts";
import type { NotificationRecord } from "../../../nodes/lib/ledger/index.ts";
import { type Answering, isAnswer, Log, ok, taskIn, Workshop } from "./support.ts";

export const KEY = "managers";
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** Hears what a node would let leave. */
export class Desk implements ApprovalPort {
  readonly told = new Log<{ readonly approval: string; readonly notification: Notification; readonly record: NotificationRecord }>();
  readonly left = new Log<ApprovalOutcome>();
  readonly reported = new Log<Fault>();
  isClosing = false;
  /** what the nodes behind do before they are done */
  atNotify: ((record: NotificationRecord) => Promise<void>) | undefined;
  /** whose messages cannot be made */
  untellable = "";
  /** whose request's messages cannot be made */
  untellableApproval = "";

  async notify(opened: OpenedApproval, notification: Notification, record: NotificationRecord): Promise<boolean> {
    if (notification.person.email === this.untellable || opened.record.id === this.untellableApproval) throw new Error("no letter");
    if (!this.isClosing) this.told.add({ approval: opened.record.id, notification, record });
    await this.atNotify?.(record);
    return !this.isClosing;
  }

  leave(outcome: ApprovalOutcome): void {
    this.left.add(outcome);
  }

  report(problem: unknown): void {
    this.reported.add(problem as Fault);
  }

  count(): void {}

  /** `kind address` of what was told. */
  async lines(count: number): Promise<string[]> {
    return (await this.told.have(count)).map(({ notification: { kind, person } }) => `${kind} ${person.email}`);
  }
}

export const json = (body: unknown): { headers: Record<string, string>; body: unknown } => ({
  headers: { "Content-Type": "application/json" },
  body,
});
export const user = (id: number, email: string, role: string, active = true): object => ({
  id,
  nick: email.split("@")[0],
  name: "A",
  surname: "Person",
  email,
  active,
  links: [
    { rel: "role", href: "/admin/roles/1", title: role },
    { rel: "enterprise", href: "/admin/enterprises/7", title: "Acme" },
  ],
});

/** An Abiquo whose tasks were asked for by one person, and whose enterprise has some administrators. */
export function cloud(requester = "requester@example.com"): Answering {
  return (request) => {
    if (isAnswer(request)) return ok;
    const { url } = request;
    if (/\/users\/\d+$/.test(url)) return json(user(1, requester, "USER"));
    if (/\/users\?/.test(url)) {
      const all = [
        user(2, "ada@example.com", "ADMIN"),
        user(3, "off@example.com", "ADMIN", false),
        user(4, "", "ADMIN"),
        user(5, "other@example.com", "USER"),
      ];
      return json({ collection: all, totalSize: all.length, links: [] });
    }
    if (/\/virtualdatacenters\/\d+$/.test(url))
      return json({ id: 1, links: [{ rel: "enterprise", href: "http://x/api/admin/enterprises/7" }] });
    return taskIn("QUEUEING")(request);
  };
}

/** What a request asks, with one level unless told. */
export function policy(level: object = {}, more: object = {}): RawPolicy {
  return parsePolicy({ levels: [{ name: "Managers", approvers: "mia@example.com", need: "any", ...level }], ...more });
}

/** A workshop with a desk that carries the requests of `KEY` on, as a node does. */
export async function openWithDesk(): Promise<{ shop: Workshop; desk: Desk }> {
  const shop = await Workshop.open({ answering: cloud() });
  return { shop, desk: await attachDesk(shop) };
}

/** Another desk for `KEY`, as after a restart. */
export async function attachDesk({ engine }: Workshop): Promise<Desk> {
  const desk = new Desk();
  await engine.approvals.attach(KEY, desk);
  return desk;
}

/** What the links of a letter open. */
export function tokensOf({ page, inbox }: { readonly page?: string; readonly inbox?: string } = {}): { page: string; inbox: string } {
  const token = (link = ""): string => link.slice(link.lastIndexOf("/") + 1);
  return { page: token(page), inbox: token(inbox) };
}

export interface Asking {
  readonly key?: string;
  readonly policy?: RawPolicy;
  readonly scope?: "task" | "group";
  /** the approval whose outcome the message is */
  readonly after?: string;
}

/** Asks as a node with this key does. */
export async function ask(
  shop: Pick<Workshop, "engine" | "connection" | "clock">,
  tasks: unknown,
  { key = KEY, policy: own = policy(), scope = "task", after }: Asking = {},
): Promise<void> {
  const terms = { policy: own, language: "en-US", timeZone: "UTC", linkValidity: HOUR, publicUrl: "https://x.example.com" };
  const { connection } = shop;
  const came = after === undefined ? {} : { after };
  await shop.engine.ask({
    key,
    connection,
    scope,
    title: "",
    terms,
    messageFor: () => '{"topic":"x"}',
    references: taskReferences(tasks),
    ...came,
  });
  // The people are read as soon as the clock is asked what is due.
  shop.clock.advance(0);
}

/** Every job that was given to the ledger so far is done. */
export async function idle(shop: Workshop): Promise<void> {
  await shop.engine.ledger.decisions([]);
  await new Promise((resolve) => setImmediate(resolve));
}

/** Opens the places of a desk as a browser does: with a token or a name at each visit. What nobody opens is a 403. */
export class Browser {
  readonly #engine: () => Engine;

  constructor(engine: () => Engine) {
    this.#engine = engine;
  }

  async show(token: string, query = new URLSearchParams()): Promise<Page> {
    return (await this.#byDecisionLink(token, query)).show();
  }

  async submit(token: string, form: URLSearchParams): Promise<Page> {
    return (await this.#byDecisionLink(token)).submit(form);
  }

  async inbox(token: string, query = new URLSearchParams()): Promise<Page> {
    return (await this.#byInboxLink(token, query)).show();
  }

  async submitInbox(token: string, form: URLSearchParams): Promise<Page> {
    return (await this.#byInboxLink(token)).submit(form);
  }

  showOwn(person: string, approval: string): Promise<Page> {
    return this.#engine().desk.requestOf(person, approval, new URLSearchParams()).show();
  }

  submitOwn(person: string, approval: string, form: URLSearchParams): Promise<Page> {
    return this.#engine().desk.requestOf(person, approval, new URLSearchParams()).submit(form);
  }

  ownInbox(person: string, query = new URLSearchParams()): Promise<Page> {
    return this.#engine().desk.inboxOf(person, query).show();
  }

  submitOwnInbox(person: string, form: URLSearchParams): Promise<Page> {
    return this.#engine().desk.inboxOf(person, new URLSearchParams()).submit(form);
  }

  async #byDecisionLink(token: string, query = new URLSearchParams()): Promise<Place> {
    return (await this.#engine().desk.byDecisionLink(token, query)) ?? SHUT;
  }

  async #byInboxLink(token: string, query = new URLSearchParams()): Promise<Place> {
    return (await this.#engine().desk.byInboxLink(token, query)) ?? SHUT;
  }
}

const shut = (): Promise<Page> => Promise.resolve({ status: 403, html: "" });
const SHUT: Place = { show: shut, submit: shut };
