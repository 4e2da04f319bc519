import { someAtOnce } from "../base/concurrency.ts";
import type { Expression } from "./expression.ts";
import { type FieldPath, readLoosely, readPath } from "./path.ts";
import { isAbsent } from "./scalar.ts";
import type { FactCause, FactSource, RuleSubject, Unjudged } from "./types.ts";

/** For how many tasks facts are loaded at the same time. */
const WIDTH = 8;

type Doubt = Omit<Unjudged, "rule">;

/** Loads from a source the facts that a subject lacks, and remembers which cannot be had. */
export class FactLoader {
  readonly #subject: RuleSubject;
  readonly #source: FactSource;
  /** by field and task */
  readonly #causes = new Map<string, FactCause>();

  constructor(subject: RuleSubject, source: FactSource) {
    this.#subject = subject;
    this.#source = source;
  }

  /** Loads a fact of a task, or a total, unless it is there. */
  async load(path: FieldPath, task: number | undefined): Promise<void> {
    const { source, segments, field } = path;
    if (source === "time") return;
    const from: unknown = source === "group" ? this.#subject.group : this.#subject.tasks[task ?? 0];
    const isWhole = !field.includes(".");
    if (!isWhole && !isAbsent(readPath(from, segments) ?? readLoosely(from, segments))) return;
    const cause = await this.#source.load(field, source === "group" ? undefined : task);
    if (cause !== undefined) this.#causes.set(keyOf(field, source === "group" ? undefined : task), cause);
  }

  /** Whether the test holds for some task; once it does, no further task is begun. */
  async someTask(test: (task: number) => Promise<boolean>): Promise<boolean> {
    return someAtOnce(WIDTH, this.#subject.tasks.keys(), test);
  }

  /** Loads what an expression may look at when it is judged for a task; tells the first fact that cannot be had. */
  async loadAll({ wants, spansTasks, sameForAll }: Expression, task: number): Promise<Doubt | undefined> {
    for (const path of wants) {
      const isTotal = path.source === "group";
      if (isTotal) await this.load(path, undefined);
      else if (spansTasks || sameForAll) await this.someTask((each) => this.load(path, each).then(() => false));
      else await this.load(path, task);
      const concerned = isTotal ? [undefined] : spansTasks || sameForAll ? this.#subject.tasks.keys() : [task];
      for (const each of concerned) {
        const doubt = this.#doubt(path.field, each);
        if (doubt !== undefined) return doubt;
      }
    }
    return undefined;
  }

  /** A doubt about an absent fact, with the reason why it is absent, where that is known. */
  explain(doubt: Doubt): Doubt {
    return this.#doubt(doubt.field, doubt.task) ?? doubt;
  }

  #doubt(field: string, task: number | undefined): Doubt | undefined {
    const cause = this.#causes.get(keyOf(field, task));
    if (cause === undefined) return undefined;
    return { field, why: "RULE_FACT_UNAVAILABLE", cause, ...(task === undefined ? {} : { task }) };
  }
}

function keyOf(field: string, task: number | undefined): string {
  return `${task ?? ""} ${field}`;
}
