import assert from "node:assert/strict";
import { openLedger } from "../../../nodes/lib/ledger/index.ts";
import { callMethod } from "../../../nodes/lib/ledger/methods.ts";
import { openSqlLedger } from "../../../nodes/lib/ledger/open.ts";

const place = { engine: "sqlite", file: ":memory:" } as const;

describe("the methods of a ledger in another thread", () => {
  it("are those of the ledger, and nothing that somebody made up", async () => {
    const ledger = await openLedger(place);
    const here = await openSqlLedger(place);
    try {
      const own = (of: object): string[] => Object.getOwnPropertyNames(Object.getPrototypeOf(of)).filter((name) => name !== "constructor");
      const parts = Object.keys(here) as ("approvals" | "notifications" | "settings")[];
      for (const part of parts) assert.deepEqual(Object.keys(ledger[part]).sort(), own(here[part]).sort(), part);
      assert.deepEqual(Object.keys(ledger).sort(), [...own(here), ...parts].sort());
      assert.throws(() => (ledger as unknown as { forgive(): void }).forgive(), TypeError);
    } finally {
      await here.close();
      await ledger.close();
    }
  });

  it("are run by their name, on the part that has them", async () => {
    const ledger = await openSqlLedger(place);
    try {
      assert.equal(await callMethod(ledger, "settings.get", ["a name", "first"]), "first");
      assert.deepEqual(await callMethod(ledger, "submissionsOf", ["a node"]), []);
    } finally {
      await ledger.close();
    }
  });

  for (const name of [
    "forgive",
    "constructor",
    "toString",
    "approvals",
    "list",
    "approvals.constructor",
    "approvals.forgive",
    "approvals.get.name",
    "settings.due",
    "tasks.size",
  ]) {
    it(`do not include ${name}`, async () => {
      const ledger = await openSqlLedger(place);
      try {
        await assert.rejects(callMethod(ledger, name, []), new TypeError(`The ledger has no method ${name}`));
      } finally {
        await ledger.close();
      }
    });
  }
});
