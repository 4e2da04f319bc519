import assert from "node:assert/strict";
import type { NodeAPI } from "node-red";
import { Journeys } from "../../../nodes/lib/node-red/journeys.ts";

type Handler = (event: { msg: { _msgid: string } }) => void;

/** The hooks of a runtime that has no nodes. */
class Hooks {
  readonly #handlers = new Map<string, Handler>();

  add(name: string, handler: Handler): void {
    this.#handlers.set(name.split(".")[0] ?? "", handler);
  }

  receive(id: string): void {
    this.#handlers.get("onReceive")?.({ msg: { _msgid: id } });
  }

  complete(id: string): void {
    this.#handlers.get("onComplete")?.({ msg: { _msgid: id } });
  }
}

const LONG = 60_000;
const turn = (): Promise<void> => new Promise((next) => setImmediate(next));

describe("the journey of a message", () => {
  let hooks: Hooks;
  let journeys: Journeys;
  const forEver = new AbortController().signal;

  beforeEach(() => {
    hooks = new Hooks();
    journeys = new Journeys(hooks as unknown as NodeAPI["hooks"]);
  });

  async function isOver(journey: Promise<unknown>): Promise<boolean> {
    let over = false;
    void journey.then(() => (over = true));
    for (let turns = 0; turns < 50; turns++) await turn();
    return over;
  }

  it("ends at once where no wire leads on", async () => {
    assert.equal(await journeys.send("m", () => undefined, LONG, forEver), true);
  });

  it("lasts while any node works on it, also on what a node before it made of it", async () => {
    const journey = journeys.send("m", () => setImmediate(() => hooks.receive("m")), LONG, forEver);
    assert.equal(await isOver(journey), false);
    hooks.receive("m");
    hooks.complete("m");
    assert.equal(await isOver(journey), false);
    hooks.complete("m");
    assert.equal(await journey, true);
  });

  it("is not prolonged by other messages", async () => {
    assert.equal(await journeys.send("m", () => hooks.receive("another"), LONG, forEver), true);
  });

  it("ends for us when a node never says that it is done", async () => {
    assert.equal(await journeys.send("m", () => hooks.receive("m"), 1, forEver), true);
  });

  for (const [when, turns] of [
    ["at once", 0],
    ["while the next node is waited for", 2],
    ["while a node works on it", 30],
  ] as const) {
    it(`is cut short by a deploy that comes ${when}`, async () => {
      const closing = new AbortController();
      const journey = journeys.send("m", () => hooks.receive("m"), LONG, closing.signal);
      for (let passed = 0; passed < turns; passed++) await turn();
      closing.abort();
      assert.equal(await journey, false);
    });
  }
});
