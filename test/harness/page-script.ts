/// <reference lib="dom" />
import type { Language, PageTexts } from "./page-texts.ts";

interface ShownTask {
  readonly taskId: string;
  readonly type: string;
  readonly state: string;
  readonly requester: string;
  readonly machine: string;
  readonly cpu: number;
  /** MB */
  readonly ram: number;
  readonly created: number;
  readonly text?: string;
  readonly answeredBy?: string;
}

interface Row {
  readonly element: HTMLTableRowElement;
  readonly state: HTMLElement;
  readonly answer: HTMLElement;
  readonly age: HTMLElement;
  readonly actions: HTMLElement;
  shown: string;
}

/**
 * What runs in the browser. The server sends the source of this function, so that it is checked as the rest is and
 * found in the same way whether compiled or not; it may use nothing from outside itself.
 */
export function runPage(texts: PageTexts, language: Language): void {
  const POLL_MS = 1_500;
  const find = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
  const table = find("tasks");
  const rows = find("rows");
  const empty = find("empty");
  const status = find("status");
  const known = new Map<string, Row>();
  const ages = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  let timer = 0;
  let isOffline = false;

  const fill = (text: string, values: Record<string, string>): string =>
    text.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "");

  function say(text: string, isProblem = false): void {
    status.textContent = text;
    status.classList.toggle("problem", isProblem);
  }

  function ageOf(created: number): string {
    const seconds = Math.max(0, Math.round(Date.now() / 1000 - created));
    if (seconds < 60) return ages.format(-seconds, "second");
    if (seconds < 3_600) return ages.format(-Math.floor(seconds / 60), "minute");
    return ages.format(-Math.floor(seconds / 3_600), "hour");
  }

  async function call(path: string, body?: object): Promise<unknown> {
    const init = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const response = await fetch(path, init);
    const value = (await response.json()) as { error?: string };
    if (!response.ok) throw new Error(value.error ?? String(response.status));
    return value;
  }

  function problemOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
  }

  function cell(label: string, text = ""): HTMLTableCellElement {
    const element = document.createElement("td");
    // A table that a narrow screen lays out as cards is no table to every screen reader unless it says so.
    element.setAttribute("role", "cell");
    element.dataset["label"] = label;
    element.textContent = text;
    return element;
  }

  function makeRow(task: ShownTask): Row {
    const element = document.createElement("tr");
    element.setAttribute("role", "row");
    element.tabIndex = -1;
    const id = cell(texts.task);
    const code = document.createElement("code");
    code.textContent = task.taskId.slice(0, 8);
    code.title = task.taskId;
    id.append(code);
    const state = cell(texts.state);
    const answer = cell(texts.answer);
    answer.className = "answer";
    const age = cell(texts.age);
    const actions = cell(texts.actions);
    actions.className = "actions";
    const machine = cell(texts.machine, task.machine);
    const size = document.createElement("small");
    size.textContent = fill(texts.size, { cpu: String(task.cpu), ram: String(Math.round(task.ram / 102.4) / 10) });
    machine.append(document.createElement("br"), size);
    element.append(
      id,
      machine,
      cell(texts.type, texts.types[task.type] ?? task.type),
      cell(texts.requester, task.requester),
      state,
      answer,
      age,
      actions,
    );
    return { element, state, answer, age, actions, shown: "" };
  }

  function button(label: string, description: string, className: string, act: () => void): HTMLButtonElement {
    const element = document.createElement("button");
    element.type = "button";
    element.textContent = label;
    element.setAttribute("aria-label", description);
    element.className = className;
    element.addEventListener("click", act);
    return element;
  }

  function show(task: ShownTask, row: Row): void {
    row.age.textContent = ageOf(task.created);
    const now = JSON.stringify([task.state, task.text, task.answeredBy]);
    // Only what changed is drawn again: a button that somebody has the focus on must not be replaced under it.
    if (row.shown === now) return;
    const hadFocus = row.element.contains(document.activeElement);
    row.shown = now;
    const chip = document.createElement("span");
    chip.className = `chip ${task.state.toLowerCase()}`;
    chip.textContent = texts.states[task.state] ?? task.state;
    chip.title = task.state;
    row.state.replaceChildren(chip);
    row.answer.replaceChildren();
    if (task.text !== undefined && task.text !== "") {
      const text = document.createElement("p");
      text.textContent = task.text;
      row.answer.append(text);
    }
    if (task.answeredBy !== undefined) {
      const by = document.createElement("small");
      by.textContent = task.answeredBy === "somebody in Abiquo" ? texts.elsewhere : fill(texts.by, { user: task.answeredBy });
      row.answer.append(by);
    }
    row.actions.replaceChildren();
    if (task.state === "QUEUEING") {
      const short = task.taskId.slice(0, 8);
      row.actions.append(
        button(texts.continue, fill(texts.continueTask, { task: short }), "yes", () => void decide(task, "continue")),
        button(texts.cancel, fill(texts.cancelTask, { task: short }), "no", () => void decide(task, "cancel")),
      );
    } else if (hadFocus) row.element.focus();
  }

  async function decide({ taskId }: ShownTask, action: "continue" | "cancel"): Promise<void> {
    try {
      await call("/simulator/decide", { taskId, action });
      say("");
    } catch (error) {
      say(fill(texts.refused, { problem: problemOf(error) }), true);
    }
    await poll();
  }

  async function ask(element: HTMLButtonElement): Promise<void> {
    element.setAttribute("aria-disabled", "true");
    say(texts.posting);
    const asked = call("/simulator/submit", {
      type: element.dataset["type"],
      count: Number(element.dataset["count"]),
      user: find<HTMLSelectElement>("user").value,
      cpu: find<HTMLInputElement>("cpu").valueAsNumber,
      ram: find<HTMLInputElement>("ram").valueAsNumber * 1_024,
    });
    // The tasks are there before the webhook is answered, which may take as long as Abiquo waits.
    setTimeout(() => void poll(), 100);
    try {
      const { webhook } = (await asked) as { webhook: { status?: number; lost?: true; skipped?: string; error?: string } };
      if (webhook.status !== undefined) say(fill(texts.posted, { status: String(webhook.status) }), webhook.status >= 400);
      else if (webhook.lost === true) say(texts.lost, true);
      else if (webhook.skipped !== undefined) say(texts.skipped);
      else say(fill(texts.failed, { problem: webhook.error ?? "" }), true);
    } catch (error) {
      say(fill(texts.refused, { problem: problemOf(error) }), true);
    }
    element.removeAttribute("aria-disabled");
    await poll();
  }

  function draw(tasks: readonly ShownTask[]): void {
    const listed = new Set(tasks.map(({ taskId }) => taskId));
    for (const [taskId, row] of known) {
      if (listed.has(taskId)) continue;
      row.element.remove();
      known.delete(taskId);
    }
    tasks.forEach((task, index) => {
      let row = known.get(task.taskId);
      if (row === undefined) known.set(task.taskId, (row = makeRow(task)));
      show(task, row);
      if (rows.children[index] !== row.element) rows.insertBefore(row.element, rows.children[index] ?? null);
    });
    table.hidden = tasks.length === 0;
    empty.hidden = tasks.length > 0;
    empty.textContent = texts.none;
  }

  async function poll(): Promise<void> {
    clearTimeout(timer);
    try {
      if (!document.hidden) draw((await call("/simulator/tasks")) as ShownTask[]);
      if (isOffline) say("");
      isOffline = false;
    } catch {
      if (!isOffline) say(texts.offline, true);
      isOffline = true;
    }
    clearTimeout(timer);
    timer = window.setTimeout(() => void poll(), POLL_MS);
  }

  for (const element of document.querySelectorAll<HTMLButtonElement>("button[data-type]")) {
    element.addEventListener("click", () => {
      if (element.getAttribute("aria-disabled") !== "true") void ask(element);
    });
  }
  document.addEventListener("visibilitychange", () => void poll());
  void poll();
}
