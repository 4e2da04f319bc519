// Makes a chain of the audit as tasks make it, changes it in one place at random, and lets the verifier find that place;
// and lets it look at whole ones. Ends with 1 when it finds too little or too much.
//
// node test/soak/audit.ts [entries] [changes] [seed]: the same seed repeats the same choices.
import { verifyChain } from "../../nodes/lib/ledger/index.ts";
import { openSqlLedger } from "../../nodes/lib/ledger/open.ts";
import { age, changed, copyOf, live, sourceOf } from "./chain.ts";
import { Chance } from "./chance.ts";

const [entries = "100000", changes = "1000", seed = String(Date.now() % 1_000_000)] = process.argv.slice(2);
const TASKS_AT_ONCE = 64;

const chance = new Chance(Number(seed));
const ledger = await openSqlLedger({ engine: "sqlite", file: ":memory:" });
let number = 0;
for (let aged = false; ; ) {
  const { seq, keptAfter } = await ledger.auditHead();
  if (seq - keptAfter >= Number(entries)) break;
  await Promise.all(Array.from({ length: TASKS_AT_ONCE }, () => live(ledger, chance, number++)));
  if (aged || seq < Number(entries) / 4) continue;
  await age(ledger, chance, number / 8);
  aged = true;
}
const whole = await copyOf(ledger);
console.log(`seed ${seed}: ${whole.rows.length} entries of ${number} tasks`);

let wrong = 0;
const kinds = new Map<string, number>();
const started = performance.now();
for (let round = 0; round < Number(changes); round++) {
  const { what, copy, seq } = changed(whole, chance);
  kinds.set(what, (kinds.get(what) ?? 0) + 1);
  const { first } = await verifyChain(sourceOf(copy), whole.head);
  if (first?.seq === seq) continue;
  wrong++;
  console.log(`${what} of entry ${seq}: ${first === undefined ? "not found" : `found at ${first.seq}`}`);
}
const found = performance.now();
for (let round = 0; round < Number(changes); round++) {
  // Each is another chain: the one that was, at some moment before.
  const rows = whole.rows.slice(0, chance.between(whole.rows.length >> 1, whole.rows.length));
  const last = rows.at(-1);
  const head = { ...whole.head, seq: last?.seq ?? 0, hash: last?.hash ?? "" };
  const { first } = await verifyChain(sourceOf({ head, rows }), head);
  if (first === undefined) continue;
  wrong++;
  console.log(`nothing was changed, found ${first.finding} at ${first.seq}`);
}
const ended = performance.now();
console.table(Object.fromEntries(kinds));
console.log(
  `${changes} changes ${((found - started) / 1_000).toFixed(0)} s, ${changes} whole ${((ended - found) / 1_000).toFixed(0)} s, wrong: ${wrong}`,
);
await ledger.close();
process.exitCode = wrong === 0 ? 0 : 1;
