import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Engine, taskReferences } from "../../../nodes/lib/engine/index.ts";
import { type Ledger, openLedger } from "../../../nodes/lib/ledger/index.ts";
import { StillClock, Workshop } from "./support.ts";

const SETTLE = 60_000;

/** What of the ledger is asked to move to another stage. */
function heard(ledger: Ledger, moved: string[]): Ledger {
  return new Proxy(ledger, {
    get(target, name) {
      if (name !== "move") return Reflect.get(target, name) as unknown;
      return (change: Parameters<Ledger["move"]>[0]) => {
        moved.push(change.taskId);
        return target.move(change);
      };
    },
  });
}

describe("A decision", () => {
  let folder: string;
  let shop: Workshop;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "checkpoints-"));
    shop = await Workshop.open();
  });

  afterEach(async () => {
    await shop.close();
    rmSync(folder, { recursive: true });
  });

  it("is the checkpoint of its task: the flow's time with it has ended, and nothing is written about that", async () => {
    const moved: string[] = [];
    const clock = new StillClock();
    const ledger = await openLedger({ engine: "sqlite", file: join(folder, "ledger.sqlite") });
    const engine = new Engine(heard(ledger, moved), { settle: SETTLE, clock });
    const { base: api } = shop.connection.client;
    const receive = (taskId: string): Promise<unknown> =>
      ledger.receive([
        {
          api,
          taskId,
          connection: "connection",
          source: "hook",
          group: { id: taskId, index: 0, count: 1 },
          summary: JSON.stringify({ taskId }),
          links: JSON.stringify({ self: `${api}/cloud/x/tasks/${taskId}`, continue: "", cancel: "" }),
          payload: "{}",
          receivedAt: clock.now(),
        },
      ]);
    for (const taskId of ["decided", "left"]) {
      await receive(taskId);
      engine.intake.emitted({ api, taskId });
    }
    await engine.answer({
      id: "request",
      node: "yes",
      connection: shop.connection,
      action: "continue",
      references: taskReferences("decided"),
      message: "{}",
      decision: { action: "continue", by: "Ana", cause: "rule", at: "" },
      text: () => "",
    });
    assert.equal(engine.intake.knows({ api, taskId: "decided" }), false);
    for (let second = 0; second < 2 * (SETTLE / 1_000); second++) clock.advance(1_000);
    assert.deepEqual(moved, ["left"]);
    await engine.close();
  });
});
