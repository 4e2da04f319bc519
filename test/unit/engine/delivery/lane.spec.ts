import assert from "node:assert/strict";
import fc from "fast-check";
import { AbiquoClient, summaryOf } from "../../../../nodes/lib/abiquo/index.ts";
import { Pace } from "../../../../nodes/lib/base/pace.ts";
import { Bulkhead } from "../../../../nodes/lib/engine/delivery/bulkhead.ts";
import { type Job, jobOf } from "../../../../nodes/lib/engine/delivery/job.ts";
import { Lane } from "../../../../nodes/lib/engine/delivery/lane.ts";
import type { DecisionRecord, TaskRecord } from "../../../../nodes/lib/ledger/index.ts";
import { BASE, OAUTH } from "../../abiquo/support.ts";
import { StillClock } from "../support.ts";

/** In flight at once in one virtual datacenter. */
const MOST = 4;
const client = new AbiquoClient({ base: BASE, apiVersion: "6.1", credentials: OAUTH, timeoutMs: 1_000 });

/** Lanes whose answers go nowhere: each is in flight until it is told that it is over. */
class Bench {
  readonly clock = new StillClock();
  readonly sent: { readonly lane: string; readonly enterprise: string; readonly datacenter: string; readonly at: number }[] = [];
  readonly lanes: Lane[] = [];
  readonly inFlight: { readonly job: Job; readonly over: () => void }[] = [];
  readonly #bulkhead = new Bulkhead();
  #count = 0;

  lane(id = "connection", pace = 0): Lane {
    const lane = new Lane(
      { id, pace, client },
      {
        clock: this.clock,
        pace: new Pace(this.clock),
        bulkhead: this.#bulkhead,
        send: async (job, { circuit }) => {
          const { enterprise, datacenter } = job;
          this.sent.push({ lane: id, enterprise, datacenter, at: this.clock.sinceStart });
          await new Promise<void>((over) => void this.inFlight.push({ job, over }));
          circuit.end({ of: "health" });
          return undefined;
        },
        ended: () => this.lanes.forEach((each) => each.pump()),
        turned: () => undefined,
        halted: () => undefined,
      },
    );
    this.lanes.push(lane);
    return lane;
  }

  job(enterprise: string, datacenter: string): Job {
    const taskId = `t${this.#count++}`;
    const key = { api: BASE, taskId, connection: "connection" };
    const group = { id: taskId, index: 0, count: 1 };
    const task: TaskRecord = { ...key, source: "", group, stage: "decided", summary: "", links: "", receivedAt: 0 };
    const decision: DecisionRecord = {
      ...key,
      action: "continue",
      by: "Ana",
      cause: "rule",
      at: 0,
      text: "",
      delivery: "sending",
      attempts: 0,
      uncertain: false,
      nextAt: 0,
    };
    return jobOf(task, decision, summaryOf({ taskId, enterpriseId: enterprise, virtualDatacenterId: datacenter }));
  }

  /** Ends what is in flight in this place, and lets follow what follows from it. */
  async end(index = 0): Promise<void> {
    this.inFlight.splice(index, 1)[0]?.over();
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Ends all until nothing more leaves without time passing. */
  async drain(): Promise<void> {
    while (this.inFlight.length > 0) await this.end();
  }
}

describe("the lane of a connection", () => {
  let bench: Bench;
  beforeEach(() => void (bench = new Bench()));

  it("lets an answer to another virtual datacenter pass one whose datacenter is full", async () => {
    const lane = bench.lane();
    for (let round = 0; round < 5; round++) lane.circuit.end({ of: "health" });
    for (let count = 0; count < MOST + 2; count++) lane.add(bench.job("a", "full"));
    lane.add(bench.job("a", "free"));
    lane.pump();
    assert.deepEqual(
      bench.sent.map(({ datacenter }) => datacenter),
      ["full", "free", "full", "full", "full"],
    );
    await bench.end();
    assert.equal(bench.sent.length, MOST + 2);
    assert.deepEqual([lane.inFlight, lane.waiting], [5, 1]);
  });

  it("holds up no other connection by its pace, and shares the bound of a datacenter with it", async () => {
    const [slow, fast] = [bench.lane("slow", 0.5), bench.lane("fast")];
    for (let count = 0; count < 3; count++) slow.add(bench.job("a", "1"));
    for (let count = 0; count < 20; count++) fast.add(bench.job("b", "1"));
    for (const lane of bench.lanes) lane.pump();
    await bench.drain();
    assert.equal(bench.sent.filter(({ lane }) => lane === "fast").length, 20);
    assert.deepEqual([bench.sent.filter(({ lane }) => lane === "slow").length, slow.waiting], [1, 2]);
    bench.clock.advance(4_000);
    await bench.drain();
    assert.deepEqual(
      bench.sent.filter(({ lane }) => lane === "slow").map(({ at }) => at),
      [0, 2_000, 4_000],
    );
  });

  it("lets nobody wait behind an enterprise that has hundreds waiting", async () => {
    const lane = bench.lane();
    for (let count = 0; count < 300; count++) lane.add(bench.job("large", String(count)));
    lane.pump();
    lane.add(bench.job("small", "x"));
    while (bench.sent.every(({ enterprise }) => enterprise === "large")) await bench.end();
    assert.equal(
      bench.sent.findIndex(({ enterprise }) => enterprise === "small"),
      2,
    );
  });

  it("never has more in flight in one datacenter than the bound, nor more in any time than the pace allows", async () => {
    const places = fc.array(
      fc.record({ lane: fc.nat(1), enterprise: fc.constantFrom("a", "b", "c"), datacenter: fc.constantFrom("1", "2") }),
    );
    const steps = fc.array(
      fc.oneof(fc.record({ add: places }), fc.record({ end: fc.nat(40) }), fc.record({ advance: fc.nat(700), late: fc.nat(15) })),
      { maxLength: 60 },
    );
    const PACES = [4, 0];
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        bench = new Bench();
        const lanes = PACES.map((pace, index) => bench.lane(String(index), pace));
        let added = 0;
        const look = (): void => {
          const inPlace = Object.values(Object.groupBy(bench.inFlight, ({ job }) => job.datacenter));
          for (const jobs of inPlace) assert.ok((jobs?.length ?? 0) <= MOST);
        };
        for (const step of script) {
          if ("add" in step) {
            for (const { lane, enterprise, datacenter } of step.add) lanes[lane]?.add(bench.job(enterprise, datacenter));
            added += step.add.length;
            for (const lane of lanes) lane.pump();
          } else if ("end" in step) {
            if (bench.inFlight.length > 0) await bench.end(step.end % bench.inFlight.length);
          } else bench.clock.oversleep(step.advance, step.late);
          look();
        }
        for (let guard = 0; bench.sent.length < added || bench.inFlight.length > 0; guard++) {
          assert.ok(guard < 10_000, "it stands still");
          await bench.drain();
          bench.clock.advance(250);
          look();
        }
        const times = bench.sent.filter(({ lane }) => lane === "0").map(({ at }) => at);
        times.forEach((from, index) => {
          // Within any stretch of time: one more than whole slots fit into it, each up to 20 ms early.
          times.slice(index).forEach((to, further) => assert.ok(further <= (to - from + 20) / 250, `${further + 1} in ${to - from} ms`));
        });
      }),
      { numRuns: 60 },
    );
  });
});
