// Kills, stops, deploys and a failing Abiquo in any order, each in the middle of webhooks, and each judged before the
// next: without another disturbance every task that was taken must get its one answer, the right one, and no webhook
// may have been refused but while nobody was there. Ends with 1 when that does not hold.
//
// node test/soak/run.ts [tasks] [seed] [folder of node-red]: the same seed repeats the same choices.
import { setTimeout as sleep } from "node:timers/promises";
import { type NodeRedProcess, startAbiquo, startNodeRed } from "../harness/index.ts";
import { ROOT, SECRET } from "../runtime/under-test.ts";
import { Chance } from "./chance.ts";
import { COURSES, mixedFlows } from "./flows.ts";
import { Webhooks } from "./webhooks.ts";

const [tasks = "2000", seed = String(Date.now() % 1_000_000), nodeRedFolder] = process.argv.slice(2);
const EVENTS = ["SIGKILL", "SIGTERM", "full", "flows", "nodes", "nodes", "failing", "resets"] as const;
/** Longer than any pause between two tries. */
const LONGEST_CALM = 150_000;
/** Tasks that come around one disturbance. */
const ROUND = { least: 40, bound: 200 };

const chance = new Chance(Number(seed));
const abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/", version: "6.1.2" });
const nodeRed: NodeRedProcess = await startNodeRed({
  flows: mixedFlows(abiquo.url, 0),
  credentials: {
    config: { ...abiquo.credentials.oauth },
    ...Object.fromEntries(COURSES.map((course) => [`hook-${course}`, { secret: SECRET }])),
  },
  palette: ROOT,
  ...(nodeRedFolder === undefined ? {} : { nodeRed: nodeRedFolder }),
});
const webhooks = new Webhooks(abiquo, Number(seed), (course) => `${nodeRed.nodeUrl}${course}/${SECRET}`);

async function disturb(event: (typeof EVENTS)[number], round: number): Promise<void> {
  await sleep(chance.between(50, 1_000));
  if (event === "SIGKILL" || event === "SIGTERM") {
    await webhooks.whileDown(async () => {
      await nodeRed.kill(event);
      await nodeRed.start();
    });
  } else if (event === "failing") abiquo.inject({ match: { method: "POST" }, status: 503, times: 5 });
  else if (event === "resets") abiquo.inject({ match: { method: "POST" }, reset: true, effect: chance.of(["before", "after"]), times: 5 });
  else await nodeRed.deploy(mixedFlows(abiquo.url, round), event);
}

const waiting = (): string[] => [...webhooks.taken].filter((id) => abiquo.task(id)?.state === "QUEUEING");

/** What is wrong once all is calm, or has had the time to be. */
async function verdict(): Promise<string[]> {
  for (const end = Date.now() + LONGEST_CALM; waiting().length > 0 && Date.now() < end; ) await sleep(100);
  const answers = Map.groupBy(abiquo.answers, ({ taskId }) => taskId);
  const wrong = [...answers].filter(([id, all]) => all.some(({ action }) => action !== webhooks.wanted.get(id)));
  const doubled = [...answers].filter(([, all]) => all.filter(({ applied }) => applied).length > 1);
  return [
    ...waiting().map((id) => `lost: ${id}, to be ${webhooks.wanted.get(id)}`),
    ...wrong.map(([id, all]) => `answered wrongly: ${id} ${JSON.stringify(all)}`),
    ...doubled.map(([id, all]) => `answered twice: ${id} ${JSON.stringify(all)}`),
    ...webhooks.unexplained.map((what) => `refused without a reason: ${what}`),
  ];
}

console.log(`seed ${seed}`);
let faults: string[] = [];
for (let round = 1; webhooks.wanted.size < Number(tasks) && faults.length === 0; round++) {
  const event = chance.of(EVENTS);
  const count = chance.between(ROUND.least, ROUND.bound);
  await Promise.all([webhooks.send(count), disturb(event, round)]);
  const calmFrom = Date.now();
  faults = await verdict();
  console.log(
    `${round} ${event}: ${webhooks.taken.size} tasks taken, ${webhooks.refused} webhooks refused, calm after ${Date.now() - calmFrom} ms`,
  );
}
for (const fault of faults.slice(0, 20)) console.log(fault);
console.log(
  faults.length === 0
    ? `All of ${webhooks.taken.size} tasks were answered once, and rightly.`
    : `${faults.length} faults; repeat with seed ${seed}`,
);
process.exitCode = faults.length === 0 ? 0 : 1;
await nodeRed.stop();
await abiquo.close();
