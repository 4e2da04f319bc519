// Kills, stops, deploys, lost webhooks, decisions made in Abiquo and a failing Abiquo in any order, each in the middle of
// webhooks, and each judged before the next: without another disturbance every task that was taken must get its one
// answer, the right one, what no webhook brought must be adopted, the store must agree with Abiquo, and no webhook may have
// been refused but while nobody was there. Ends with 1 when that does not hold.
//
// node test/soak/run.ts [tasks] [seed] [--instances N] [--node-red FOLDER]: the same seed repeats the same choices.
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Chance } from "./chance.ts";
import { disturbancesOf } from "./disturbances.ts";
import { Site } from "./site.ts";
import { verdict } from "./verdict.ts";
import { Webhooks } from "./webhooks.ts";

/** Tasks that come around one disturbance. */
const ROUND = { least: 40, bound: 200 };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { instances: { type: "string", default: "1" }, "node-red": { type: "string" } },
});
const tasks = Number(positionals[0] ?? 2_000);
const seed = Number(positionals[1] ?? Date.now() % 1_000_000);

const chance = new Chance(seed);
const site = await Site.start({ instances: Number(values.instances), nodeRed: values["node-red"] });
const webhooks = new Webhooks(site.abiquo, seed, (course, of) => site.hookOf(course, of));
const disturbances = disturbancesOf(site);

async function disturb(event: string, round: number): Promise<void> {
  await sleep(chance.between(50, 1_000));
  webhooks.decideInAbiquo(chance);
  await disturbances.get(event)?.({ site, webhooks, chance, round });
}

console.log(`seed ${seed}`);
let faults: string[] = [];
for (let round = 1; webhooks.wanted.size < tasks && faults.length === 0; round++) {
  const event = chance.of([...disturbances.keys()]);
  const count = chance.between(ROUND.least, ROUND.bound);
  await Promise.all([webhooks.send(count), disturb(event, round)]);
  webhooks.decideInAbiquo(chance);
  const calmFrom = Date.now();
  faults = await verdict(site, webhooks, false);
  const { wanted, taken, refused } = webhooks;
  console.log(
    `${round} ${event}: ${wanted.size} tasks, ${taken.size} taken, ${refused} webhooks refused, calm after ${Date.now() - calmFrom} ms`,
  );
}
if (faults.length === 0) faults = await verdict(site, webhooks, true);
for (const fault of faults.slice(0, 20)) console.log(fault);
console.log(
  faults.length === 0
    ? `All of ${webhooks.wanted.size} tasks came to their one end, ${webhooks.wanted.size - webhooks.taken.size} of them found by sweeps.`
    : `${faults.length} faults; repeat with seed ${seed}`,
);
process.exitCode = faults.length === 0 ? 0 : 1;
await site.stop();
