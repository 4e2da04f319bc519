import { parentPort, workerData } from "node:worker_threads";
import type jsonata from "jsonata";
import { BoundedMap } from "../base/bounded-map.ts";
import { judgeTasks, prepareExpression } from "./bounded-jsonata.ts";
import type { ExpressionJob } from "./expression-job.ts";

/** How many expressions are kept compiled. */
const MOST_KEPT = 500;

const begun = new Int32Array(workerData as SharedArrayBuffer);
const prepared = new BoundedMap<string, jsonata.Expression>(MOST_KEPT);

let last: Promise<void> = Promise.resolve();

parentPort?.on("message", (jobs: readonly ExpressionJob[]) => {
  // One at a time: what an evaluation takes is then its own.
  for (const job of jobs) last = last.then(() => answer(job));
});
parentPort?.postMessage("ready");

async function answer(job: ExpressionJob): Promise<void> {
  parentPort?.postMessage(await judgeTasks(expressionFor(job.text), job, () => void Atomics.add(begun, 0, 1)));
}

function expressionFor(text: string): jsonata.Expression {
  const known = prepared.get(text);
  if (known !== undefined) return known;
  const expression = prepareExpression(text);
  if (prepared.size >= MOST_KEPT) prepared.delete(prepared.keys().next().value as string);
  prepared.set(text, expression);
  return expression;
}
