import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type NodeRedProcess, startNodeRed } from "../../harness/index.ts";

const PACKAGES = ["node-red", "node-red-4"];
const require = createRequire(import.meta.url);

function flow(answer: string): object[] {
  return [
    { id: "tab", type: "tab", label: "Flow" },
    { id: "in", type: "http in", z: "tab", url: "/answer", method: "get", wires: [["set"]] },
    { id: "set", type: "change", z: "tab", rules: [{ t: "set", p: "payload", pt: "msg", to: answer, tot: "str" }], wires: [["out"]] },
    { id: "out", type: "http response", z: "tab", wires: [] },
  ];
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function eventuallyEnds(pid: number): Promise<void> {
  for (let tries = 0; tries < 100 && lives(pid); tries++) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(lives(pid), false);
}

for (const name of PACKAGES) {
  const folder = dirname(require.resolve(`${name}/package.json`));
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };

  describe(`Runner of Node-RED ${version}`, () => {
    let nodeRed: NodeRedProcess | undefined;

    const answer = async (): Promise<string> => (await nodeRed?.request("/answer"))?.text() ?? "";

    afterEach(async () => {
      await nodeRed?.stop("SIGKILL");
      nodeRed = undefined;
    });

    it("starts, is killed, goes on with what was deployed, and leaves nothing behind", async () => {
      nodeRed = await startNodeRed({ nodeRed: folder, flows: flow("first") });
      const { userDir, pid } = nodeRed;
      assert.match(nodeRed.logs(), new RegExp(`Node-RED version: v${version}`));
      assert.equal(await answer(), "first");
      await nodeRed.deploy(flow("second"));
      assert.equal(await answer(), "second");

      assert.deepEqual(await nodeRed.kill("SIGKILL"), { code: null, signal: "SIGKILL" });
      assert.equal(lives(pid), false);
      await nodeRed.start();
      assert.notEqual(nodeRed.pid, pid);
      assert.equal(await answer(), "second");

      const last = nodeRed.pid;
      await nodeRed.stop();
      assert.equal(lives(last), false);
      assert.equal(existsSync(userDir), false);
    });

    it("does not outlive a parent that is killed", async () => {
      const runner = JSON.stringify(new URL("../../harness/node-red.ts", import.meta.url).href);
      const script = `import { startNodeRed } from ${runner}; const red = await startNodeRed({ nodeRed: ${JSON.stringify(folder)}, flows: [] }); console.log(red.pid, red.userDir);`;
      const parent = spawn(process.execPath, ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", "--input-type=module", "--eval", script], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [line] = (await new Promise<Buffer>((resolve) => parent.stdout.once("data", resolve))).toString("utf8").split("\n");
      const [, pidText = "", userDir = ""] = /^(\d+) (.+)$/.exec(line ?? "") ?? [];
      const pid = Number(pidText);
      assert.ok(lives(pid));
      parent.kill("SIGKILL");
      await eventuallyEnds(pid);
      rmSync(userDir, { recursive: true }); // nobody was left to do it
    });
  });
}
