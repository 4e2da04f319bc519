import assert from "node:assert/strict";
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type NodeRedProcess, type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { CAN_FILL_DISKS, limitFiles } from "../support/full-disk.ts";
import { about, credentials, decide, eventually, flows, Sink, startUnderTest, VERSIONS } from "./under-test.ts";

const FILE = "ledger.sqlite";

describe("a store in trouble while Node-RED runs", function () {
  this.timeout(60_000);
  let abiquo: SimulatedAbiquo;
  let sink: Sink;
  let nodeRed: NodeRedProcess;

  before(async () => {
    abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/" });
    sink = await Sink.start();
    const store = { id: "store", type: "abiquo-store", engine: "sqlite", file: FILE, metrics: "/metrics" };
    nodeRed = await startUnderTest(VERSIONS[0].nodeRed, abiquo, sink, {
      flows: [...flows(sink, abiquo, { config: { store: "store" } }), store],
      credentials: credentials(abiquo),
    });
  });
  after(async () => {
    await nodeRed.stop();
    await abiquo.close();
    await sink.close();
  });

  const file = (): string => join(nodeRed.userDir, FILE);
  const health = async (): Promise<string> => {
    const response = await fetch(`${nodeRed.nodeUrl}metrics/health`);
    return `${response.status} ${((await response.json()) as { store: string }).store}`;
  };
  const shows = async (wanted: string): Promise<void> => {
    while ((await health()) !== wanted) await new Promise((later) => setTimeout(later, 50));
  };
  const submit = async (): Promise<{ id: string; status: number | undefined }> => {
    const { tasks, webhook } = await abiquo.submit({ type: "RECONFIGURE" });
    return { id: tasks[0]?.taskId ?? "", status: "status" in webhook ? webhook.status : undefined };
  };
  const isAnswered = (id: string) => (): boolean => abiquo.task(id)?.state === "CANCELLED";

  if (CAN_FILL_DISKS)
    it("on a full disk answers 503, lets an accepted task wait, and lets it go on by itself once there is room", async () => {
      const accepted = await submit();
      assert.equal(accepted.status, 200);
      await sink.have("arrived", 1, about(accepted.id));
      assert.equal(await health(), "200 ok");
      limitFiles(nodeRed.pid, statSync(`${file()}-wal`).size);
      try {
        await decide(nodeRed, "cancel", accepted.id);
        await shows("503 LEDGER_UNAVAILABLE");
        assert.equal((await submit()).status, 503);
      } finally {
        limitFiles(nodeRed.pid, "unlimited");
      }
      await eventually(isAnswered(accepted.id));
      await shows("200 ok");
      assert.equal((await submit()).status, 200);
    });

  it("deleted, is put back with all that it held, and a kill after that loses nothing", async () => {
    const waiting = await submit();
    await sink.have("arrived", 1, about(waiting.id));
    for (const name of readdirSync(nodeRed.userDir)) if (name.startsWith(FILE)) rmSync(join(nodeRed.userDir, name));
    await sink.have("fault", 1, ({ body }) => body.error?.code === "LEDGER_REMOVED");
    await shows("200 ok");
    await nodeRed.kill("SIGKILL");
    await nodeRed.start();
    await decide(nodeRed, "cancel", waiting.id);
    await eventually(isAnswered(waiting.id));
  });
});
