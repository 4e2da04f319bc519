import type { NewEntry } from "./chain/entry.ts";
import type { AuditLog } from "./chain/log.ts";
import { insertDecisions, selectDecisions } from "./decisions.ts";
import { type DecisionRecord, keyText, type TaskKey } from "./records.ts";
import { chunks, type Db, type Placed } from "./rows.ts";
import { type Stage, UNDECIDED } from "./schema.ts";
import { entryTask, type KnownTask, selectTasks } from "./tasks.ts";

/** How a task was settled: `delivered`: by our own answer after all. */
export type Found = "elsewhere" | "gone" | "delivered";

/** A task that Abiquo no longer holds. */
export interface Finding extends TaskKey {
  /** of the connection that found it */
  readonly connection: string;
  /** how it was decided; undefined when Abiquo no longer knows it, or does not tell */
  readonly action?: "continue" | "cancel" | undefined;
  readonly outcome: string;
  /** who decided, as far as Abiquo tells */
  readonly by: string;
  readonly cause: string;
  /** milliseconds since 1970: when it was found */
  readonly at: number;
}

type Job = KnownTask & { readonly finding: Finding };

/**
 * Settles tasks whose decision was made elsewhere. What nobody here has decided gets that decision, as if it had been
 * made here and needed no answer; a refused answer is no longer to be sent. Whatever is being delivered is left to
 * whoever delivers it.
 */
export async function settleElsewhere(
  db: Db,
  jobs: readonly (readonly Placed<Finding>[])[],
  log: AuditLog,
): Promise<(Found | undefined)[][]> {
  const findings = jobs.flat();
  const tasks = await selectTasks(db, findings);
  const known = findings.flatMap((finding): Job[] => {
    const task = tasks.get(keyText(finding));
    return task === undefined ? [] : [{ ...task, finding }];
  });
  const undecided = known.filter(({ task }) => UNDECIDED.includes(task.stage));
  const refused = known.filter(({ task }) => task.stage === "undeliverable");
  const settled = new Map([...(await settleUndecided(db, undecided, log)), ...(await settleRefused(db, refused, log))]);
  return jobs.map((job) =>
    job.map((finding) => {
      const key = keyText(finding);
      const found = settled.get(key);
      // The same task twice in one commit was settled once.
      settled.delete(key);
      return found;
    }),
  );
}

async function settleUndecided(db: Db, jobs: readonly Job[], log: AuditLog): Promise<Map<string, Found>> {
  const settled = new Map<string, Found>();
  const gone = jobs.filter(({ finding }) => finding.action === undefined);
  for (const job of await move(db, gone, "gone", UNDECIDED)) {
    log.add(driftEntry(job, "gone", job.finding.by));
    settled.set(keyText(job.finding), "gone");
  }

  const won = await insertDecisions(db, jobs.flatMap(withDecision));
  await move(db, won, "elsewhere", UNDECIDED);
  for (const job of won) {
    const { by, action, cause, at } = job.decision;
    log.add({ at, kind: "decided", task: entryTask(job), detail: { action, cause }, personal: { actor: by } });
    log.add(driftEntry(job, "elsewhere"));
    settled.set(keyText(job.finding), "elsewhere");
  }
  return settled;
}

/** As if it had been made here, and needed no answer. */
function withDecision(job: Job): [] | [Job & { readonly decision: DecisionRecord }] {
  const { action, at, ...found } = job.finding;
  if (action === undefined) return [];
  const settled = { delivery: "elsewhere", attempts: 0, uncertain: false, nextAt: at, settledAt: at } as const;
  return [{ ...job, decision: { ...found, action, at, text: "", ...settled } }];
}

/** Abiquo refused our answer, and has let the task go since: nobody need send it again. */
async function settleRefused(db: Db, jobs: readonly Job[], log: AuditLog): Promise<Map<string, Found>> {
  const settled = new Map<string, Found>();
  const decisions = await selectDecisions(db, jobs);
  for (const job of jobs) {
    const { row, finding } = job;
    const decision = decisions.get(keyText(finding));
    if (decision === undefined) continue;
    const found = foundOf(finding, decision);
    const own = decision.action === "continue" ? "continued" : "cancelled";
    const outcome = found === "delivered" ? own : finding.outcome;
    const { numUpdatedRows } = await db
      .updateTable("decision")
      .set({ delivery: found, outcome, fault: null, settled_at: finding.at })
      .where("task", "=", row)
      .where("delivery", "=", "undeliverable")
      .executeTakeFirstOrThrow();
    if (Number(numUpdatedRows) === 0) continue;
    await move(db, [job], found, ["undeliverable"]);
    log.add(driftEntry(job, found));
    settled.set(keyText(finding), found);
  }
  return settled;
}

/** That Abiquo was found to have gone another way than the ledger. */
function driftEntry(job: Job, kind: Found, actor?: string): NewEntry {
  const { at, outcome } = job.finding;
  return { at, kind, task: entryTask(job), by: "sweep", detail: { outcome, drift: true }, personal: { actor } };
}

/** An attempt that got no answer may have been what decided it. */
function foundOf({ action }: Finding, decision: DecisionRecord): Found {
  if (action === undefined) return "gone";
  return action === decision.action && decision.uncertain ? "delivered" : "elsewhere";
}

/** Answers which of them it moved, each once. */
async function move<Moved extends Job>(db: Db, jobs: readonly Moved[], stage: Stage, from: readonly Stage[]): Promise<Moved[]> {
  const moved: Moved[] = [];
  for (const some of chunks(jobs)) {
    const rows = some.map(({ row }) => row);
    const update = db.updateTable("task").set({ stage }).where("id", "in", rows).where("stage", "in", from);
    const ids = new Set((await update.returning("id").execute()).map(({ id }) => id));
    moved.push(...some.filter(({ row }) => ids.delete(row)));
  }
  return moved;
}
