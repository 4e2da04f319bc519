import assert from "node:assert/strict";
import { Fault } from "../../../nodes/lib/base/fault.ts";
import { type FinishedSubmission, SubmissionPort } from "../../../nodes/lib/engine/index.ts";

describe("the port that requests come back to", () => {
  let left: string[];
  let canLeave: boolean;
  let port: SubmissionPort;
  const finished = (id: string, redelivered = false): FinishedSubmission => ({ id, message: "{}", results: [], redelivered });
  const fault = new Fault("ABIQUO_UNAUTHORIZED", { reason: "OAUTH1_REFUSED" });

  beforeEach(() => {
    left = [];
    canLeave = true;
    port = new SubmissionPort({
      canLeave: () => canLeave,
      left: ({ id }) => void left.push(id),
      halted: ({ code }) => void left.push(code),
      unread: ({ code }) => void left.push(code),
    });
  });

  it("gives the outcome to its caller alone, whichever engine brings it", async () => {
    let made = "";
    const outcome = port.outcome(async (id) => void (made = id));
    assert.equal(port.inFlight, 1);
    assert.equal(port.finish(finished(made, true)), true);
    assert.deepEqual([await outcome, port.inFlight, left], [{ finished: finished(made, true) }, 0, []]);
  });

  it("gives what nobody awaits to the handler", () => {
    assert.equal(port.finish(finished("of an earlier run")), true);
    assert.deepEqual(left, ["of an earlier run"]);
  });

  it("stops a caller once, and gives the end of its request to the handler", async () => {
    let made = "";
    const outcome = port.outcome(async (id) => void (made = id));
    port.stop(made, fault);
    port.stop(made, new Fault("ANSWER_WITHOUT_CONNECTION", { taskId: "t1" }));
    port.finish(finished(made));
    assert.deepEqual([await outcome, left], [{ stopped: fault }, [made]]);
  });

  it("tells the handler of refused credentials, and keeps its callers", async () => {
    let made = "";
    const outcome = port.outcome(async (id) => void (made = id));
    port.halted(fault);
    assert.deepEqual([left, port.inFlight], [["ABIQUO_UNAUTHORIZED"], 1]);
    port.finish(finished(made));
    assert.deepEqual(await outcome, { finished: finished(made) });
  });

  it("takes nothing while nothing may leave, and keeps its callers", async () => {
    let made = "";
    const outcome = port.outcome(async (id) => void (made = id));
    canLeave = false;
    assert.deepEqual([port.finish(finished(made)), port.finish(finished("other"))], [false, false]);
    canLeave = true;
    assert.equal(port.finish(finished(made)), true);
    assert.deepEqual([await outcome, left], [{ finished: finished(made) }, []]);
  });

  it("throws why a request could not be made, and awaits it no longer", async () => {
    let made = "";
    const refused = port.outcome(async (id) => {
      made = id;
      throw fault;
    });
    await assert.rejects(refused, fault);
    assert.equal(port.inFlight, 0);
    // It may be on disk all the same, where the ledger broke down in between.
    port.finish(finished(made));
    assert.deepEqual(left, [made]);
  });
});
