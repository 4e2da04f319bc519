import assert from "node:assert/strict";
import { busy, forbidden, limited, notFound, SweepStage, settle } from "./sweep-support.ts";

const MINUTE = 60_000;

describe("a sweep", () => {
  let stage: SweepStage;

  beforeEach(() => {
    stage = new SweepStage();
    // The event log has specs of its own.
    stage.version = "4.3";
  });
  afterEach(() => stage.sweeps.close());

  const asked = (): string[] => stage.asked.all.filter((request) => request !== "version");
  const codes = (): string[] => stage.problems.map((problem) => (problem as { code?: string } | undefined)?.code ?? "whole again");
  const untilAsked = async (request: string): Promise<void> => {
    while (asked().at(-1) !== request) {
      await settle();
      stage.clock.advance(40);
    }
  };
  /** Sweeps until so many are over, each so long after the one before. */
  const sweep = async (count: number, minutes = 5): Promise<void> => {
    for (let done = stage.observed.length; done < count; done++) {
      await stage.swept(done + 1);
      if (done + 1 < count) stage.clock.advance(minutes * MINUTE);
    }
  };

  it("pages all enterprises and what waits in each, one request at a time", async () => {
    for (const id of ["a", "b", "c"]) stage.wait(id, "2");
    stage.join();
    await sweep(1);
    assert.deepEqual(asked(), ["enterprises", "enterprises from 2", "pending 1", "pending 2", "pending 2 from 2", "pending 3"]);
    assert.equal(stage.mostAtOnce, 2, "the event log is asked beside it");
    assert.deepEqual(
      stage.observed.map((o) => (o.kind === "swept" ? [o.enterprises, o.isComplete] : [])),
      [[3, true]],
    );
  });

  it("of named enterprises lists none", async () => {
    stage.join({ enterprises: ["3", "1", "3"] });
    await sweep(1);
    assert.deepEqual(asked(), ["pending 1", "pending 3"]);
  });

  it("makes no more than 30 requests a second", async () => {
    stage.enterprises = Array.from({ length: 61 }, (_, index) => String(index));
    stage.step = 2;
    const start = stage.clock.now();
    stage.join();
    await sweep(1);
    const seconds = (stage.clock.now() - start) / 1_000;
    // What makes up for late timers lets a few more go first.
    const most = 30 * seconds + 9;
    assert.ok(asked().length <= most && asked().length > most - 10, `${asked().length} in ${seconds} s`);
  });

  it("begins so long after the last one ended, in fractions of a minute too", async () => {
    stage.join({ minutes: 0.1 });
    await stage.swept(1);
    const count = asked().length;
    stage.clock.advance(5_900);
    await settle();
    assert.equal(asked().length, count);
    stage.clock.advance(100);
    await stage.swept(2);
    assert.equal(asked().length, 2 * count);
  });

  describe("of a task that the ledger does not know", () => {
    it("adopts it when it waits the second time in a row", async () => {
      stage.wait("lost", "1", 2 * MINUTE);
      stage.join();
      await sweep(1);
      assert.deepEqual(stage.adopted, []);
      stage.clock.advance(5 * MINUTE);
      await sweep(3);
      assert.deepEqual(stage.adopted, ["lost"]);
    });

    it("never overtakes the webhook that comes between two sweeps", async () => {
      stage.wait("late", "1", 10 * MINUTE);
      stage.join();
      await sweep(1);
      stage.receive("late");
      stage.clock.advance(5 * MINUTE);
      await sweep(3);
      assert.deepEqual(stage.adopted, []);
    });

    it("begins to count anew when it did not wait in the sweep between", async () => {
      const task = stage.wait("back", "1", 10 * MINUTE);
      stage.join();
      await sweep(1);
      task.state = "PENDING";
      stage.clock.advance(5 * MINUTE);
      await sweep(2);
      task.state = "QUEUEING";
      stage.clock.advance(5 * MINUTE);
      await sweep(3);
      assert.deepEqual(stage.adopted, []);
      stage.clock.advance(5 * MINUTE);
      await sweep(4);
      assert.deepEqual(stage.adopted, ["back"]);
    });

    for (const offset of [0, 3_600_000, -3_600_000]) {
      it(`waits until it is two minutes old by Abiquo's clock, which is ${offset / MINUTE} minutes ahead`, async () => {
        stage.clockOffset = offset;
        stage.wait("lost", "1", MINUTE);
        stage.join({ minutes: 0.1 });
        const adoptedAt = async (): Promise<number> => {
          const start = stage.clock.now();
          for (let count = 1; stage.adopted.length === 0; count++) {
            await stage.swept(count);
            stage.clock.advance(6_000);
          }
          return (stage.clock.now() - start) / 1_000;
        };
        const seconds = await adoptedAt();
        assert.ok(seconds >= 60 && seconds < 75, `${seconds}`);
      });
    }

    it("counts from when it saw it first where Abiquo does not say what time it is", async () => {
      stage.clockOffset = undefined;
      stage.wait("lost", "1", 60 * MINUTE);
      stage.join({ minutes: 0.1 });
      await stage.swept(2);
      assert.deepEqual(stage.adopted, []);
      for (let count = 3; stage.adopted.length === 0; count++) {
        stage.clock.advance(6_000);
        await stage.swept(count);
      }
      assert.ok(stage.clock.sinceStart >= 2 * MINUTE && stage.clock.sinceStart < 2.5 * MINUTE);
    });
  });

  describe("of a task that the ledger has open", () => {
    it("reads it when it is not in its enterprise's list, and only then", async () => {
      stage.wait("waits", "2");
      stage.wait("decided", "2").state = "CANCELLED";
      stage.receive("waits");
      stage.receive("decided");
      stage.join();
      await sweep(1);
      assert.deepEqual(
        asked().filter((request) => request.startsWith("read")),
        ["read decided"],
      );
      assert.deepEqual(stage.settled, ["decided elsewhere"]);
    });

    it("calls it gone when Abiquo does not know it, but not in the minute after its receipt", async () => {
      stage.wait("trimmed", "2");
      stage.receive("trimmed");
      stage.tasks.delete("trimmed");
      stage.join({ minutes: 0.1 });
      await stage.swept(1);
      assert.deepEqual(stage.settled, []);
      stage.clock.advance(MINUTE);
      await stage.swept(2);
      assert.deepEqual(stage.settled, ["trimmed gone"]);
    });

    it("reads by itself what no list was read of, some hundreds a sweep and the others in the next", async () => {
      for (let index = 0; index < 400; index++) {
        stage.wait(`t${index}`, "99").state = "CANCELLED";
        stage.receive(`t${index}`);
      }
      stage.join({ enterprises: ["1"] });
      await sweep(1);
      assert.equal(stage.settled.length, 300);
      stage.clock.advance(5 * MINUTE);
      await sweep(2);
      assert.equal(stage.settled.length, 400);
    });

    it("gives each its turn when none of those was decided", async () => {
      for (let index = 0; index < 400; index++) {
        stage.wait(`t${index}`, "99");
        stage.receive(`t${index}`);
      }
      stage.join({ enterprises: ["1"] });
      await sweep(2);
      const read = asked().filter((request) => request.startsWith("read"));
      assert.deepEqual([read.length, new Set(read).size], [400, 400]);
    });
  });

  describe("where Abiquo does not answer for now", () => {
    it("waits as long as it asks for (429), and goes on with the page that it was at", async () => {
      for (const id of ["a", "b", "c"]) stage.wait(id, "2");
      let left = 1;
      stage.trouble = (request) => (request === "pending 2 from 2" && left-- > 0 ? limited(30_000) : undefined);
      stage.join();
      await untilAsked("pending 2 from 2");
      await settle();
      await settle();
      stage.clock.advance(29_000);
      await settle();
      assert.equal(asked().filter((request) => request === "pending 2 from 2").length, 1);
      stage.clock.advance(1_000);
      await stage.swept(1);
      assert.deepEqual(asked().slice(-4), ["pending 2", "pending 2 from 2", "pending 2 from 2", "pending 3"]);
    });

    it("pauses longer each time (503), up to five minutes, and tells nobody: the connection tells of an outage", async () => {
      let left = 12;
      stage.trouble = (request) => (request === "pending 1" && left-- > 0 ? busy() : undefined);
      stage.step = 1_000;
      stage.join();
      await stage.swept(1);
      const pauses = stage.clock.waits.all.filter((ms) => ms >= 1_000);
      assert.ok(
        pauses.every((ms, index) => ms <= Math.min(2_000 * 2 ** index, 5 * MINUTE)),
        pauses.join(),
      );
      assert.deepEqual(stage.problems, []);
    });

    it("goes on where it was when its node comes back, as after a deploy", async () => {
      stage.trouble = (request) => (request === "pending 2" ? busy() : undefined);
      const leave = stage.join();
      await untilAsked("pending 2");
      leave();
      await settle();
      const before = asked().length;
      stage.clock.advance(60 * MINUTE);
      await settle();
      assert.equal(asked().length, before);
      stage.trouble = () => undefined;
      stage.join();
      await stage.swept(1);
      assert.deepEqual(asked().slice(before), ["pending 2", "pending 3"]);
    });

    it("goes on among the tasks of an enterprise that it was reading", async () => {
      for (const id of ["a", "b", "c"]) {
        stage.wait(id, "2").state = "CANCELLED";
        stage.receive(id);
      }
      stage.trouble = (request) => (request === "read b" ? busy() : undefined);
      const leave = stage.join();
      await untilAsked("read b");
      leave();
      await settle();
      stage.trouble = () => undefined;
      const before = asked().length;
      stage.join();
      await stage.swept(1);
      assert.deepEqual(asked().slice(before), ["read b", "read c", "pending 3"]);
      assert.deepEqual(stage.settled, ["a elsewhere", "b elsewhere", "c elsewhere"]);
      assert.deepEqual(
        stage.observed.map((seen) => seen.kind === "swept" && seen.enterprises),
        [3],
      );
    });
  });

  it("ends in the middle when its node closes, and adopts nothing for it any more", async () => {
    stage.wait("lost", "1", 10 * MINUTE);
    const leave = stage.join();
    await sweep(1);
    stage.clock.advance(5 * MINUTE);
    await settle();
    leave();
    for (let turn = 0; turn < 50; turn++) {
      await settle();
      stage.clock.advance(MINUTE);
    }
    assert.deepEqual(stage.adopted, []);
    assert.equal(stage.observed.length, 1);
  });

  describe("that lacks a right", () => {
    it("says once which privilege it needs to list enterprises, and looks after what is open all the same", async () => {
      stage.wait("decided", "2").state = "PENDING";
      stage.receive("decided");
      stage.trouble = (request) => (request.startsWith("enterprises") ? forbidden() : undefined);
      stage.join();
      await sweep(3);
      assert.deepEqual(codes(), ["SWEEP_NOT_ALLOWED"]);
      assert.deepEqual((stage.problems[0] as { params: object }).params, { privilege: "ENTERPRISE_ENUMERATE" });
      assert.deepEqual(stage.settled, ["decided elsewhere"]);
      stage.trouble = () => undefined;
      stage.clock.advance(5 * MINUTE);
      await sweep(4);
      assert.deepEqual(codes(), ["SWEEP_NOT_ALLOWED", "whole again"]);
    });

    it("does not ask thousands of enterprises in vain", async () => {
      stage.enterprises = Array.from({ length: 3_000 }, (_, index) => String(index));
      stage.trouble = (request) => (request.startsWith("pending") ? forbidden() : undefined);
      stage.join();
      await sweep(1);
      assert.equal(asked().filter((request) => request.startsWith("pending")).length, 5);
      assert.deepEqual((stage.problems[0] as { params: object }).params, { privilege: "WORKFLOW_OVERRIDE" });
    });

    it("passes over an enterprise that it may not see or that is not there, and says once which", async () => {
      stage.trouble = (request) => (request === "pending 2" ? forbidden() : request === "pending 3" ? notFound() : undefined);
      stage.join();
      await sweep(3);
      assert.deepEqual(codes(), ["SWEEP_ENTERPRISES_SKIPPED"]);
      assert.deepEqual((stage.problems[0] as { params: object }).params, { enterprises: "2, 3" });
    });
  });

  describe("of several nodes", () => {
    it("is one for those of one connection that sweep the same enterprises; the first gets what is found", async () => {
      stage.wait("lost", "1", 10 * MINUTE);
      const second: string[] = [];
      const other = { adopt: async () => void second.push("adopted"), report: () => undefined };
      stage.join({ enterprises: ["1", "2"] });
      stage.join({ enterprises: ["2", "1"], port: other });
      await sweep(2);
      assert.deepEqual(asked(), ["pending 1", "pending 2", "pending 1", "pending 2"]);
      assert.deepEqual([stage.adopted, second], [["lost"], []]);
    });

    it("leaves to each other what they look into, and reads nothing of that by itself", async () => {
      for (const [id, enterprise] of [
        ["one", "1"],
        ["three", "3"],
        ["nobodys", "7"],
      ] as const) {
        stage.wait(id, enterprise);
        stage.receive(id);
      }
      stage.join({ enterprises: ["1", "2"] });
      stage.join({ enterprises: ["3"] });
      await stage.swept(2);
      assert.deepEqual(
        asked().filter((request) => request.startsWith("read")),
        ["read nobodys", "read nobodys"],
      );
    });

    it("waits for another one of the same connection", async () => {
      stage.join({ enterprises: ["1", "2"] });
      stage.join({ enterprises: ["3"] });
      await stage.swept(2);
      assert.deepEqual(asked(), ["pending 1", "pending 2", "pending 3"]);
      assert.ok(stage.mostAtOnce <= 2);
    });
  });
});

describe("the event log", () => {
  let stage: SweepStage;

  beforeEach(() => {
    stage = new SweepStage();
    stage.wait("t1", "1");
    stage.receive("t1");
  });
  afterEach(() => stage.sweeps.close());

  const machine = (id: string): string =>
    `https://cloud.example.com/api/cloud/virtualdatacenters/1/virtualappliances/2/virtualmachines/${id}`;
  const happen = (id: string, action: string, by = "ana", at = stage.clock.now()): void => {
    stage.events.push({ id: `${stage.events.length}`, action, by, at, machine: machine(id) });
  };
  /** Lets time pass in steps. */
  const pass = async (seconds: number): Promise<void> => {
    for (let passed = 0; passed < seconds; passed += 0.5) {
      await settle();
      await settle();
      stage.clock.advance(500);
    }
    await settle();
  };
  const count = (request: string): number => stage.asked.all.filter((each) => each === request).length;

  it("shows within 15 s what was decided elsewhere, by one look at its machine", async () => {
    stage.join({ minutes: 60 });
    await pass(20);
    (stage.tasks.get("t1") as { state: string }).state = "CANCELLED";
    happen("t1", "TASK_DEPLOY_CANCEL");
    await pass(15);
    assert.deepEqual(stage.settled, ["t1 elsewhere"]);
    await pass(60);
    assert.equal(count("machine t1"), 1);
  });

  it("is only a hint: a task that still waits stays open, whatever it says", async () => {
    stage.join({ minutes: 60 });
    await pass(5);
    happen("t1", "TASK_DEPLOY_CANCEL");
    await pass(15);
    assert.equal(count("machine t1"), 1);
    assert.deepEqual(stage.settled, []);
  });

  it("is asked every ten seconds whatever waits, and no machine for what is nobody's decision or our own", async () => {
    stage.join({ minutes: 60 });
    await pass(5);
    happen("t1", "VIRTUAL_MACHINE_DEPLOY");
    happen("t1", "TASK_DEPLOY_CONTINUE", "workflow");
    await pass(60);
    assert.equal(count("machine t1"), 0);
    assert.ok(count("events") >= 5 && count("events") <= 7);
  });

  for (const trouble of [forbidden, notFound]) {
    it(`is left alone for hours where it is refused (${trouble().code}), and nobody is told`, async () => {
      stage.trouble = (request) => (request === "events" ? trouble() : undefined);
      stage.join({ minutes: 60 });
      await pass(60);
      assert.equal(count("events"), 1);
      stage.clock.advance(6 * 60 * MINUTE);
      await pass(1);
      assert.equal(count("events"), 2);
      assert.deepEqual(stage.problems, []);
    });
  }

  it("is not asked of a server that has none yet", async () => {
    stage.version = "3.10";
    stage.join({ minutes: 60 });
    await pass(30);
    assert.equal(count("events"), 0);
  });

  it("is not asked any more once no node sweeps", async () => {
    const leave = stage.join({ minutes: 60 });
    await pass(5);
    leave();
    const before = count("events");
    await pass(60);
    assert.equal(count("events"), before);
  });
});
