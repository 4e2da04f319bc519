// Kills, stops, deploys and a failing Abiquo in any order, while webhooks come all the time: at the end every task that
// was taken has one answer, the right one. Ends with 1 when that does not hold. The seconds to run are its argument.
import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type NodeRedProcess, startAbiquo, startNodeRed } from "../harness/index.ts";
import { ROOT, SECRET } from "../runtime/under-test.ts";
import { mixedFlows, type TaskType, wantedAction } from "./flows.ts";

const seconds = Number(process.argv[2] ?? 120);
const nodeRedFolder = process.argv[3];
const TYPES: readonly TaskType[] = ["DEPLOY", "UNDEPLOY", "RECONFIGURE"];
const EVENTS = ["SIGKILL", "SIGTERM", "full", "flows", "nodes", "failing", "resets"] as const;
/** Longer than the settling time of tasks and any pause between two tries. */
const LONGEST_CALM = 120_000;

const abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/", version: "6.1.2" });
const nodeRed: NodeRedProcess = await startNodeRed({
  flows: mixedFlows(abiquo.url, 0),
  credentials: { config: { ...abiquo.credentials.oauth }, hook: { secret: SECRET } },
  palette: ROOT,
  ...(nodeRedFolder === undefined ? {} : { nodeRed: nodeRedFolder }),
});
abiquo.setEndpoint(`${nodeRed.nodeUrl}soak/${SECRET}`);

const end = Date.now() + seconds * 1_000;
/** those that were answered with 2xx, by id */
const taken = new Map<string, TaskType>();
const happened: string[] = [];
let refused = 0;

async function submitAllTheTime(): Promise<void> {
  while (Date.now() < end) {
    const type = TYPES[randomInt(TYPES.length)] as TaskType;
    const tasks = abiquo.hold({ type, count: randomInt(1, 5) });
    try {
      const { status } = await abiquo.post(tasks);
      if (status >= 300) refused++;
      else for (const { taskId } of tasks) taken.set(taskId, type);
    } catch {
      refused++;
    }
    await sleep(randomInt(120));
  }
}

async function disturb(): Promise<void> {
  for (let number = 1; Date.now() < end; number++) {
    await sleep(randomInt(1_000, 5_000));
    const event = EVENTS[randomInt(EVENTS.length)] as (typeof EVENTS)[number];
    happened.push(event);
    if (event === "SIGKILL" || event === "SIGTERM") {
      await nodeRed.kill(event);
      await nodeRed.start();
    } else if (event === "failing") abiquo.inject({ match: { method: "POST" }, status: 503, times: 5 });
    else if (event === "resets") abiquo.inject({ match: { method: "POST" }, reset: true, effect: randomInt(2) === 0 ? "before" : "after", times: 5 });
    else await nodeRed.deploy(mixedFlows(abiquo.url, number), event);
  }
}

const waiting = (): string[] => [...taken.keys()].filter((id) => abiquo.task(id)?.state === "QUEUEING");

await Promise.all([submitAllTheTime(), submitAllTheTime(), submitAllTheTime(), disturb()]);
for (const calm = Date.now() + LONGEST_CALM; waiting().length > 0 && Date.now() < calm; ) await sleep(500);

const actions = Map.groupBy(abiquo.answers, ({ taskId }) => taskId);
const isWrong = ([id, type]: [string, TaskType]): boolean => (actions.get(id) ?? []).some(({ action }) => action !== wantedAction(type));
const isDoubled = (id: string): boolean => (actions.get(id) ?? []).filter(({ applied }) => applied).length > 1;
const lost = waiting();
const wrong = [...taken].filter(isWrong).map(([id]) => id);
const doubled = [...taken.keys()].filter(isDoubled);

console.log(`${taken.size} tasks taken, ${refused} webhooks refused while Node-RED was down; ${happened.join(" ")}`);
console.log(`lost: ${lost.length}, answered wrongly: ${wrong.length}, answered twice: ${doubled.length}`);
for (const id of [...lost, ...wrong, ...doubled].slice(0, 10)) console.log(id, taken.get(id), JSON.stringify(actions.get(id)));
process.exitCode = lost.length + wrong.length + doubled.length > 0 ? 1 : 0;
await nodeRed.stop();
await abiquo.close();
