// The demo: Node-RED with this palette and example 01, beside a simulated Abiquo. Ctrl+C ends both.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const root = dirname(import.meta.dirname);
const require = createRequire(import.meta.url);
if (!existsSync(join(root, "dist", "harness", "index.js"))) {
  console.error("The palette is not built yet. Run: npm run build");
  process.exit(1);
}
const { startAbiquo, startNodeRed } = require(join(root, "dist", "harness", "index.js"));

const EXAMPLE = "01 Try it without Abiquo.json";
const nodeRedPort = Number(process.env.PORT ?? 1880);
const abiquoPort = Number(process.env.ABIQUO_PORT ?? 8009);

const abiquo = await startAbiquo({
  port: abiquoPort,
  webhook: `http://127.0.0.1:${nodeRedPort}/abiquo/workflow`,
  autoAdvance: true,
}).catch(stopBecause);

const example = readFileSync(join(root, "examples", EXAMPLE), "utf8");
const flows = JSON.parse(example.replaceAll("127.0.0.1:8009", `127.0.0.1:${abiquoPort}`));
const connection = flows.find((node) => node.type === "abiquo-config");
const nodeRed = await startNodeRed({
  flows,
  credentials: { [connection.id]: abiquo.credentials.oauth },
  palette: root,
  port: nodeRedPort,
  settings: { editorTheme: { projects: { enabled: false }, tours: false } },
}).catch(async (error) => {
  await abiquo.close();
  stopBecause(error);
});

console.log(`
  Node-RED editor     ${nodeRed.adminUrl}
  Simulated Abiquo    ${abiquo.pageUrl}

  Example 01 asks the simulated Abiquo for a deploy every few seconds. Abiquo holds it and calls the flow,
  the flow decides, and the answer releases it. Watch it here, in the editor's debug sidebar, or on the
  simulator's page. Ctrl+C ends the demo.
`);

const short = (taskId) => taskId.slice(0, 8);
abiquo.on("task", (task) => {
  if (task.state === "QUEUEING") console.log(`  ${short(task.taskId)}  ${task.type}  held`);
});
abiquo.on("answer", (answer) => {
  const result = answer.applied ? (answer.action === "continue" ? "released" : "cancelled") : `refused (${answer.status})`;
  console.log(`  ${short(answer.taskId)}  ${answer.action} received: ${result}${answer.text ? `: "${answer.text}"` : ""}`);
});

let stopping = false;
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, async () => {
    if (stopping) return;
    stopping = true;
    await nodeRed.stop("SIGTERM");
    await abiquo.close();
    process.exit(0);
  });
}

function stopBecause(error) {
  const busy = /EADDRINUSE/.test(String(error?.code ?? error));
  console.error(busy ? "A port is in use. Set PORT for Node-RED (1880) or ABIQUO_PORT for the simulator (8009)." : error);
  process.exit(1);
}
