// From the webhook to the answer, end to end: the palette beside the same job wired from core nodes, and beside
// a bare connector that keeps nothing. All three in one run, in turns, since machines are noisy.
import { parseArgs } from "node:util";
import { startAbiquo } from "../harness/index.ts";
import { benchApprovals } from "./approvals.ts";
import { type Contender, startBareConnector, startCoreNodes, startOnPostgres, startPalette } from "./contenders.ts";
import { benchDetails } from "./details.ts";
import { drive, type Figures } from "./load.ts";
import { benchRules } from "./rules.ts";
import { benchSweep } from "./sweep.ts";

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "3000" },
    rounds: { type: "string", default: "3" },
    connections: { type: "string", default: "32" },
    only: { type: "string", default: "" },
  },
});
if (values.only === "sweep") {
  await benchSweep();
  process.exit();
}
const tasks = Number(values.tasks);
const rounds = Number(values.rounds);
const connections = Number(values.connections);

const abiquo = await startAbiquo({ webhook: "http://127.0.0.1/", version: "6.1.2" });
const contenders: Record<string, Contender> = {
  palette: await startPalette(abiquo),
  "palette on PostgreSQL": await startOnPostgres(abiquo),
  "core nodes": await startCoreNodes(abiquo),
  "bare connector": await startBareConnector(abiquo),
};
const results: Record<string, Figures[]> = { palette: [], "palette on PostgreSQL": [], "core nodes": [], "bare connector": [] };
try {
  for (let round = 0; round <= rounds; round++) {
    for (const [name, contender] of Object.entries(contenders)) {
      abiquo.forget();
      abiquo.setEndpoint(contender.hook);
      const figures = await drive(abiquo, round === 0 ? Math.ceil(tasks / 3) : tasks, connections, contender.pid);
      // The first round only warms up.
      if (round > 0) results[name]?.push(figures);
    }
  }
} finally {
  await Promise.all(Object.values(contenders).map((contender) => contender.stop()));
  await abiquo.close();
}

const median = (numbers: number[]): number => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
const summary = Object.fromEntries(
  Object.entries(results).map(([name, figures]) => [
    name,
    {
      "tasks/s": Math.round(median(figures.map(({ rate }) => rate))),
      "p50 ms": Number(median(figures.map(({ p50 }) => p50)).toFixed(2)),
      "p99 ms": Number(median(figures.map(({ p99 }) => p99)).toFixed(2)),
      "peak MB": Math.round(Math.max(...figures.map(({ memory }) => memory))),
    },
  ]),
);
console.table(summary);
const rate = (name: string): number => summary[name]?.["tasks/s"] ?? 0;
const ratio = (name: string): string => (rate("palette") / rate(name)).toFixed(2);
console.log(`${connections} connections, ${rounds} rounds of ${tasks} tasks, medians`);
console.log(`palette : core nodes      ${ratio("core nodes")} x   (aim: at least 2.5)`);
console.log(`palette : bare connector  ${ratio("bare connector")} x   (aim: at least 0.75)`);
await benchRules();
await benchDetails();
await benchApprovals();
await benchSweep();
