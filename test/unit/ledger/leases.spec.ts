import assert from "node:assert/strict";
import { type Ledger, openLedger } from "../../../nodes/lib/ledger/index.ts";
import { sharedPostgres } from "../../support/postgres.ts";
import { onEachEngine } from "./engines.ts";

const NAME = "sweep https://cloud.example.com/api";
const LONG = 60_000;

onEachEngine("A lease", (place) => {
  let ledger: Ledger;

  beforeEach(async () => {
    ledger = await openLedger(await place());
  });

  afterEach(() => ledger.close());

  it("is its holder's until that gives it back, and can be kept for longer", async () => {
    assert.equal(await ledger.acquireLease(NAME, LONG), true);
    assert.equal(await ledger.acquireLease(NAME, LONG), true);
    await ledger.releaseLease(NAME);
    assert.equal(await ledger.acquireLease(NAME, LONG), true);
  });
});

describe("A lease, of two instances on one database", () => {
  let one: Ledger;
  let other: Ledger;

  beforeEach(async () => {
    const url = await (await sharedPostgres()).database();
    [one, other] = await Promise.all([openLedger({ engine: "postgres", url }), openLedger({ engine: "postgres", url })]);
  });

  afterEach(() => Promise.all([one.close(), other.close()]));

  it("is that of one only, whoever asks and how often", async () => {
    const asked = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one : other).acquireLease(NAME, LONG));
    const answers = await Promise.all(asked);
    const winners = new Set(answers.flatMap((has, index) => (has ? [index % 2] : [])));
    assert.equal(winners.size, 1);
    assert.equal(answers.filter(Boolean).length, 10);
  });

  it("is the other's once it was given back, and once its time is over", async () => {
    assert.equal(await one.acquireLease(NAME, LONG), true);
    await other.releaseLease(NAME);
    assert.equal(await other.acquireLease(NAME, LONG), false);
    await one.releaseLease(NAME);
    assert.equal(await other.acquireLease(NAME, 0), true);
    assert.equal(await one.acquireLease(NAME, LONG), true);
  });

  it("leaves those of other names alone", async () => {
    assert.equal(await one.acquireLease(NAME, LONG), true);
    assert.equal(await other.acquireLease("another", LONG), true);
  });
});
