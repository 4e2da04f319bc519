import assert from "node:assert/strict";
import { Fault } from "../../../../nodes/lib/base/fault.ts";
import { Circuit } from "../../../../nodes/lib/engine/delivery/circuit.ts";
import type { CircuitState } from "../../../../nodes/lib/engine/index.ts";
import { StillClock } from "../support.ts";

describe("the circuit of a connection", () => {
  let clock: StillClock;
  let circuit: Circuit;
  let turns: CircuitState[];
  const why = new Fault("ABIQUO_RATE_LIMITED");

  beforeEach(() => {
    clock = new StillClock();
    turns = [];
    circuit = new Circuit(clock, (state) => void turns.push(state));
  });

  const works = (): void => circuit.end({ of: "health" });
  const away = (retryAfterMs = 0): void => circuit.end({ of: "trouble", fault: why, retryAfterMs });
  const failsBy = (suspect: string): void => circuit.end({ of: "trouble", fault: why, retryAfterMs: 0, suspect });
  /** A probe that ends in this way. */
  const probe = (end: () => void): void => {
    clock.advance(Math.ceil(circuit.wait));
    assert.equal(circuit.room, 1);
    circuit.begin();
    assert.equal(circuit.report.state, "half-open");
    end();
  };

  it("is closed at first, lets one through, and twice as many after each success, 32 at the most", () => {
    assert.deepEqual([circuit.report, circuit.wait], [{ state: "closed", since: clock.start }, 0]);
    const rooms = Array.from({ length: 7 }, () => {
      const { room } = circuit;
      works();
      return room;
    });
    assert.deepEqual(rooms, [1, 2, 4, 8, 16, 32, 32]);
  });

  it("opens at the third failure in a row, and says since when and why", () => {
    clock.advance(1_000);
    for (const end of [away, away, works, away, away]) end();
    assert.equal(circuit.report.state, "closed");
    clock.advance(1_000);
    away();
    assert.deepEqual(circuit.report, { state: "open", since: clock.start + 2_000, why });
    assert.ok(circuit.wait >= 4_000 && circuit.wait <= 8_000, String(circuit.wait));
    assert.equal(circuit.room, 0);
  });

  it("stays closed for one answer that Abiquo fails on again and again", () => {
    for (let attempt = 0; attempt < 20; attempt++) failsBy("poison");
    assert.equal(circuit.report.state, "closed");
    failsBy("another");
    failsBy("a third");
    assert.equal(circuit.report.state, "open");
  });

  it("lets one through when its wait is over, closes when that works, and begins slowly", () => {
    for (let failure = 0; failure < 3; failure++) away();
    probe(works);
    assert.deepEqual(circuit.report, { state: "closed", since: clock.now() });
    assert.equal(circuit.room, 2);
    assert.deepEqual(turns, ["open", "half-open", "closed"]);
  });

  it("waits twice as long after each probe that fails, up to a minute, and keeps since when it is open", () => {
    for (let failure = 0; failure < 3; failure++) away();
    for (const longest of [16_000, 32_000, 60_000, 60_000]) {
      probe(away);
      assert.deepEqual([circuit.report.state, circuit.report.since], ["open", clock.start]);
      assert.ok(circuit.wait >= longest / 2 && circuit.wait <= longest, String(circuit.wait));
    }
  });

  it("waits no longer for what failed together with the answers that opened it", () => {
    for (let failure = 0; failure < 3; failure++) away();
    const { wait } = circuit;
    for (let failure = 0; failure < 29; failure++) away();
    assert.equal(circuit.wait, wait);
  });

  it("opens at once where Abiquo says how long to wait, for so long", () => {
    away(90_000);
    assert.deepEqual([circuit.report.state, circuit.wait], ["open", 90_000]);
  });

  it("does not close before that by an answer that left earlier, and waits longer when asked again", () => {
    away(90_000);
    works();
    assert.deepEqual([circuit.report.state, circuit.wait], ["open", 90_000]);
    away(120_000);
    away(10_000);
    assert.equal(circuit.wait, 120_000);
  });

  it("closes by an answer that left earlier and got through, where nobody asked to wait", () => {
    for (let failure = 0; failure < 3; failure++) away();
    works();
    assert.deepEqual([circuit.report.state, circuit.wait], ["closed", 0]);
  });

  it("learns nothing from a probe that was cut short, and sends another", () => {
    for (let failure = 0; failure < 3; failure++) away();
    probe(() => circuit.end({ of: "nothing" }));
    assert.deepEqual([circuit.report.state, circuit.room], ["half-open", 1]);
  });

  it("closes at once when the connection was tested, whatever Abiquo has asked for", () => {
    away(3_600_000);
    circuit.reset();
    assert.deepEqual([circuit.report.state, circuit.wait, circuit.room], ["closed", 0, 1]);
  });
});
