/// <reference lib="dom" />
import type { PageTexts } from "./page-texts.ts";

interface ShownRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly problem?: string;
  readonly oauth?: { readonly expected?: string; readonly sent?: string; readonly mistake?: string };
}

interface ShownCloud {
  readonly users: readonly { readonly nick: string; readonly name: string }[];
  readonly connection: { readonly nick: string; readonly role: string; readonly privileges: readonly string[] };
  readonly tenants: readonly { readonly id: number; readonly name: string; readonly workflow: boolean; readonly waiting: number }[];
  readonly moreTenants: number;
}

/**
 * The part of the page that shows requests, the connection's user and the tenants. Like `runPage` it is sent as source,
 * and may use nothing from outside itself.
 */
export function runDetails(texts: PageTexts): void {
  const POLL_MS = 2_000;
  const find = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
  const requests = find("requests");
  const tenants = find("tenants");
  const connection = find("connection");
  const user = find<HTMLSelectElement>("user");
  const shown = new Map<HTMLElement, string>();

  const fill = (text: string, values: Record<string, string>): string =>
    text.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "");

  function element<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, className: string, text = ""): HTMLElementTagNameMap[Tag] {
    const made = document.createElement(tag);
    if (className !== "") made.className = className;
    made.textContent = text;
    return made;
  }

  /** Draws only what has changed: an opened detail must not close under who reads it. */
  function draw(place: HTMLElement, value: unknown, make: () => readonly Node[]): void {
    const now = JSON.stringify(value);
    if (shown.get(place) === now) return;
    shown.set(place, now);
    place.replaceChildren(...make());
  }

  function signature({ expected, sent, mistake }: NonNullable<ShownRequest["oauth"]>): Node[] {
    if (expected === undefined) return [];
    const cause = mistake === undefined ? texts.noMistake : fill(texts.mistake, { mistake: texts.mistakes[mistake] ?? mistake });
    const details = element("details", "signature");
    details.append(element("summary", "", texts.signature));
    for (const [label, text] of [
      [texts.expected, expected],
      [texts.sent, sent],
    ] as const) {
      if (text === undefined) continue;
      details.append(element("p", "label", label), element("code", "base", text));
    }
    return [element("p", "cause", cause), details];
  }

  function request({ method, path, status, problem, oauth }: ShownRequest): Node {
    const item = element("li", status >= 400 ? "bad" : "");
    item.append(element("b", "", String(status)), " ", element("span", "", method), " ", element("code", "", path));
    if (problem !== undefined) item.append(element("p", "why", problem));
    if (oauth !== undefined) item.append(...signature(oauth));
    return item;
  }

  function tenant({ id, name, workflow, waiting }: ShownCloud["tenants"][number]): Node {
    const item = element("li", "");
    const state = workflow ? texts.workflowOn : texts.workflowOff;
    item.append(element("b", "", name), " ", element("span", "", fill(texts.tenant, { id: String(id), state, waiting: String(waiting) })));
    return item;
  }

  function drawCloud({ users, connection: who, tenants: all, moreTenants }: ShownCloud): void {
    draw(connection, who, () => [
      element("p", "", fill(texts.connectionUser, { user: who.nick, role: who.role })),
      ...who.privileges.flatMap((privilege) => [element("code", "privilege", privilege), document.createTextNode(" ")]),
    ]);
    draw(tenants, [all, moreTenants], () => [
      ...all.map(tenant),
      ...(moreTenants > 0 ? [element("li", "", fill(texts.moreTenants, { count: String(moreTenants) }))] : []),
    ]);
    draw(user, users, () =>
      users.map(({ nick, name }) => {
        const option = element("option", "", `${name} (${nick})`);
        option.value = nick;
        return option;
      }),
    );
  }

  async function poll(): Promise<void> {
    try {
      if (!document.hidden) {
        const latest = (await (await fetch("/simulator/requests")).json()) as ShownRequest[];
        draw(requests, latest, () => (latest.length === 0 ? [element("li", "", texts.noRequests)] : latest.map(request)));
        drawCloud((await (await fetch("/simulator/cloud")).json()) as ShownCloud);
      }
    } catch {
      // The other part of the page says that the simulator does not answer.
    }
    setTimeout(() => void poll(), POLL_MS);
  }

  void poll();
}
