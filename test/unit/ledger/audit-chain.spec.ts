import assert from "node:assert/strict";
import { hash } from "node:crypto";
import fc from "fast-check";
import { type KnownHead, verifyChain } from "../../../nodes/lib/ledger/chain/verify.ts";
import { type Ledger, openLedger } from "../../../nodes/lib/ledger/index.ts";
import { openSqlLedger } from "../../../nodes/lib/ledger/open.ts";
import { age, changed, copyOf, live, sourceOf } from "../../soak/chain.ts";
import { Chance } from "../../soak/chance.ts";
import { API, newTask } from "../../support/tasks.ts";
import { onEachEngine } from "./engines.ts";

const KEY = { api: API, taskId: "t1" };

describe("The chain of the audit", () => {
  let ledger: Ledger;

  beforeEach(async () => {
    ledger = await openSqlLedger({ engine: "sqlite", file: ":memory:" });
  });

  afterEach(() => ledger.close());

  it("has an entry for all that happens to a task, with who did it and what they saw", async () => {
    await received("t1");
    await ledger.decide({
      proposals: [
        {
          ...KEY,
          connection: "config",
          action: "continue",
          by: "Rules",
          cause: "rule",
          rule: "small",
          facts: '[1,{"cpu":2}]',
          at: 2,
          text: "",
        },
      ],
    });
    const attempt = { ...KEY, attempts: 1, uncertain: false, nextAt: 0 };
    const fault = '[1,{"code":"ABIQUO_UNREACHABLE","params":{"reason":"ECONNREFUSED"}}]';
    await ledger.report({ ...attempt, reportedAt: 3, delivery: "waiting", fault });
    await ledger.report({ ...attempt, reportedAt: 4, attempts: 2, delivery: "waiting", fault });
    await ledger.report({ ...attempt, reportedAt: 5, attempts: 3, delivery: "delivered", outcome: "continued" });
    await ledger.report({ ...attempt, reportedAt: 6, attempts: 3, delivery: "delivered", outcome: "continued" });
    assert.deepEqual(
      (await ledger.audit(KEY)).map(({ at, event, actor, detail }) => [at, event, actor, detail]),
      [
        [1, "received", "hook", { connection: "config", group: "t1", type: "DEPLOY", requester: "Ana Ruiz" }],
        [2, "rule", "", { rule: "small", action: "continue", facts: { cpu: 2 } }],
        [2, "decided", "Rules", { action: "continue", cause: "rule", rule: "small" }],
        [
          3,
          "attempt",
          "outbox",
          { attempts: 1, uncertain: false, fault: { code: "ABIQUO_UNREACHABLE", params: { reason: "ECONNREFUSED" } } },
        ],
        [5, "delivered", "outbox", { outcome: "continued", attempts: 3 }],
      ],
    );
  });

  it("has votes, controls and messages to people in the story of each task that they are about", async () => {
    for (const id of ["t1", "t2", "t3"]) await received(id);
    const texts = { request: "{}", message: "{}", type: "DEPLOY", search: "" };
    const because = { action: "review", rule: "large", facts: '[1,{"cpu":64}]' };
    const tasks = ["t1", "t2"].map((taskId) => ({ api: API, taskId, because }));
    await ledger.approvals.open({ id: "a1", key: "managers", api: API, connection: "config", createdAt: 2, ...texts, tasks });
    const notifications = [{ id: "n1", person: "ben@example.com", kind: "asked", body: "{}" }];
    const change = { id: "a1", state: "{}", waiting: [] };
    await ledger.approvals.change({ ...change, version: 0, status: "open", notifications, at: 3 });
    const told = [
      { at: 4, kind: "vote", detail: { level: 0, action: "approve" }, personal: { actor: "ben@example.com", reason: "Fine." } },
    ];
    const end = { version: 1, status: "approved", closedBy: "ben@example.com", reason: "Fine.", at: 4 } as const;
    await ledger.approvals.change({ ...change, ...end, notifications: [], told });
    const story = (taskId: string): Promise<unknown[]> =>
      ledger.audit({ api: API, taskId }).then((all) => all.map(({ event, actor }) => `${event} ${actor}`));
    const expected = ["received hook", "rule ", "asked managers", "notification ", "vote ben@example.com", "approved ben@example.com"];
    assert.deepEqual(await story("t1"), expected);
    assert.deepEqual(await story("t2"), expected);
    assert.deepEqual(await story("t3"), ["received hook"]);
  });

  it("can be checked by anybody who can hash: each hash is over the one before and the entry's text", async () => {
    await received("t1");
    const { head, rows } = await copyOf(ledger);
    const genesis = hash("sha256", `abiquo-workflow audit ${head.store}`);
    assert.equal(rows[0]?.hash, hash("sha256", `${genesis}\n${rows[0]?.entry}`));
    assert.equal(head.hash, rows[0]?.hash);
    const { requester } = JSON.parse(rows[0]?.personal ?? "") as Record<string, [string, string]>;
    assert.equal(
      (JSON.parse(rows[0]?.entry ?? "") as Record<string, string>[])[11]?.["requester"],
      hash("sha256", requester?.join("\n") ?? ""),
    );
  });

  it("does not tell what was erased: the same value has another digest in each entry", async () => {
    await received("t1");
    await received("t2");
    const digests = (await copyOf(ledger)).rows.map(({ entry }) => JSON.stringify((JSON.parse(entry) as unknown[])[11]));
    assert.notEqual(digests[0], digests[1]);
  });

  it("is verified, whatever happened, whatever was due to go, and whoever was forgotten", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.array(fc.boolean(), { minLength: 1, maxLength: 25 }), async (seed, lives) => {
        const own: Ledger = await openSqlLedger({ engine: "sqlite", file: ":memory:" });
        try {
          const chance = new Chance(seed);
          const heads: KnownHead[] = [];
          for (const [number, isLife] of lives.entries()) {
            if (isLife) await live(own, chance, number, number * 10);
            else await age(own, chance, number * 10);
            heads.push(await own.auditHead());
          }
          const last = await verifyChain(own);
          assert.equal(last.first, undefined);
          for (const head of heads) {
            const isOlder = head.seq < last.keptAfter;
            assert.equal((await verifyChain(own, head)).first?.finding, isOlder ? "older" : undefined);
          }
        } finally {
          await own.close();
        }
      }),
      { numRuns: 40 },
    );
  });

  it("shows any change at the first entry that is not as it was", async () => {
    const chance = new Chance(12);
    for (let number = 0; number < 60; number++) await live(ledger, chance, number);
    await age(ledger, chance, 20);
    for (let number = 60; number < 120; number++) await live(ledger, chance, number);
    const whole = await copyOf(ledger);
    for (let round = 0; round < 300; round++) {
      const { what, copy, seq } = changed(whole, chance);
      const { first } = await verifyChain(sourceOf(copy), whole.head);
      assert.equal(first?.seq, seq, `${what} of ${seq}: ${first?.finding} at ${first?.seq}`);
    }
  });

  it("shows that it was written anew, where a head of it was kept outside", async () => {
    await received("t1");
    const head = await ledger.auditHead();
    const other: Ledger = await openSqlLedger({ engine: "sqlite", file: ":memory:" });
    await other.receive([taskOf("t2")]);
    assert.equal((await verifyChain(other)).first, undefined);
    assert.deepEqual((await verifyChain(other, head)).first, { seq: 1, finding: "cut" });
    await other.close();
  });

  it("shows entries that were deleted from its beginning without being due", async () => {
    for (const id of ["t1", "t2", "t3"]) await received(id);
    const { head, rows } = await copyOf(ledger);
    const [first] = rows;
    const copy = { head: { ...head, keptAfter: 1, keptAfterHash: first?.hash ?? "" }, rows: rows.slice(1) };
    assert.deepEqual((await verifyChain(sourceOf(copy))).first, { seq: 2, finding: "deleted" });
  });

  it("keeps the entries of a task for as long as the task, and of nobody longer", async () => {
    await received("t1");
    await received("t2");
    await ledger.move({ ...KEY, from: ["received"], to: "gone", at: 2 });
    await ledger.note({ api: API, taskId: "t2", at: 3, event: "seen", actor: "Ana" });
    const kinds = async (): Promise<unknown[]> => (await copyOf(ledger)).rows.map(({ entry }) => (JSON.parse(entry) as unknown[])[3]);
    const prune = async (): Promise<void> => {
      while ((await ledger.prune({ payloadsBefore: 50, tasksBefore: 50, now: 40 })) > 0);
    };
    await prune();
    assert.deepEqual(await kinds(), ["received", "gone", "seen", "pruned"]);
    await ledger.move({ api: API, taskId: "t2", from: ["received"], to: "gone", at: 4 });
    await prune();
    assert.deepEqual(await kinds(), ["pruned"]);
    assert.equal((await verifyChain(ledger)).first, undefined);
  });

  it("forgets a person, what they wrote, and where others speak of them", async () => {
    await received("t1", "ana@example.com");
    await ledger.note({ ...KEY, at: 2, event: "seen", actor: "ben@example.com", detail: {} });
    const told = [
      { at: 3, kind: "vote", detail: {}, personal: { actor: "Ana@Example.com", reason: "My server." } },
      {
        at: 3,
        kind: "control",
        detail: {},
        personal: { actor: "ben@example.com", from: "ben@example.com", to: "ana@example.com", reason: "Off." },
      },
    ];
    const texts = { request: "{}", message: "{}", type: "DEPLOY", search: "" };
    await ledger.approvals.open({ id: "a1", key: "managers", api: API, connection: "config", createdAt: 3, ...texts, tasks: [KEY] });
    await ledger.approvals.change({ id: "a1", state: "{}", version: 0, status: "open", waiting: [], notifications: [], at: 3, told });
    await ledger.mask({ person: "ana@example.com", after: 0, at: 4, by: "officer" });
    const left = (await copyOf(ledger)).rows.flatMap(({ personal }) =>
      Object.entries(JSON.parse(personal ?? "{}") as Record<string, [string, string]>).map(([field, [, value]]) => `${field} ${value}`),
    );
    assert.deepEqual(left, ["actor ben@example.com", "actor ben@example.com", "from ben@example.com", "reason Off.", "actor officer"]);
    assert.equal((await verifyChain(ledger)).erased, 4);
  });

  async function received(taskId: string, requester?: string): Promise<void> {
    await ledger.receive([taskOf(taskId, requester)]);
  }
});

onEachEngine("The chain of the audit", (place) => {
  it("is one, whoever writes at the same time, and stays whole through what is due and forgotten", async () => {
    const own = await place();
    const ledger = await openLedger(own);
    const other = own.engine === "postgres" ? await openLedger(own) : ledger;
    const chance = new Chance(7);
    const lives = Array.from({ length: 40 }, (_, number) => live(number % 2 === 0 ? ledger : other, chance, number));
    await Promise.all(lives);
    await age(ledger, chance, 20);
    await age(other, chance, 30);
    await live(other, chance, 40);
    const { first, entries } = await verifyChain(ledger);
    assert.equal(first, undefined);
    assert.ok(entries > 0);
    await ledger.close();
    if (other !== ledger) await other.close();
  });
});

function taskOf(taskId: string, requester = "Ana Ruiz"): ReturnType<typeof newTask> {
  return newTask(taskId, { about: { tenant: "7", type: "DEPLOY", requester } });
}
