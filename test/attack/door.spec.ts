import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { about, ROOT, webhook } from "../runtime/under-test.ts";
import { forged, reporter, Target } from "./target.ts";

const SECRET = "webhook-secret-0123456789";
const PREVIOUS = "webhook-secret-before";

describe("the doors", function () {
  this.timeout(60_000);
  let target: Target;
  /** 07, 12 and 13, none of whose secrets is set */
  const examples = ["07 Ask a ticket system", "12 Slack buttons", "13 Telegram buttons"]
    .flatMap((name) => JSON.parse(readFileSync(join(ROOT, "examples", `${name}.json`), "utf8")) as { id: string }[])
    .map((node) => (node.id.endsWith("_fault") ? { ...node, console: true } : node));

  before(async () => {
    const hook = (id: string, more: object): object =>
      webhook(`hook-${id}`, { path: `/${id}`, auth: "secret", wires: [["arrived-body"]], ...more });
    const env = Object.fromEntries(["TICKET_SECRET", "SLACK_SIGNING_SECRET", "TELEGRAM_SECRET"].map((name) => [name, ""]));
    target = await Target.start(
      (sink, { url }) => [
        ...(JSON.parse(JSON.stringify(examples).replaceAll("https://cloud.example.com/api", url)) as object[]),
        hook("guessed", {}),
        hook("shared", {}),
        hook("changing", {}),
        hook("known", { auth: "basic" }),
        ...reporter(sink, "arrived"),
      ],
      {
        env,
        credentials: ({ credentials: { oauth } }) => ({
          "hook-guessed": { secret: SECRET },
          "hook-shared": { secret: SECRET },
          "hook-changing": { secret: SECRET, previousSecret: PREVIOUS },
          "hook-known": { username: "abiquo", password: SECRET, previousSecret: PREVIOUS },
          ...Object.fromEntries(["ex07", "ex12", "ex13"].map((name) => [`${name}_config`, { ...oauth }])),
          ...Object.fromEntries(["ex07", "ex12", "ex13"].map((name) => [`${name}_hook`, { secret: SECRET }])),
        }),
      },
    );
  });
  after(() => target.stop());

  const send = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
    (await target.post(path, JSON.stringify(forged(target.newId)), headers)).status;

  it("answer a thousand guesses with nothing, and after twenty no longer look at them", async () => {
    const statuses: number[] = [];
    for (let guess = 0; guess < 1_000; guess += 50) {
      statuses.push(...(await Promise.all(Array.from({ length: 50 }, (_, index) => send(`guessed/guess-${guess + index}`)))));
    }
    assert.deepEqual([statuses.filter((status) => status === 401).length, statuses.filter((status) => status === 429).length], [20, 980]);
    const right = await target.post(`guessed/${SECRET}`, JSON.stringify(forged(target.newId)));
    assert.deepEqual([right.status, right.body], [429, ""]);
    assert.deepEqual(target.sink.of("fault"), []);
  });

  it("stay open to Abiquo where a scanner calls from the same address", async () => {
    assert.equal(await send(`shared/${SECRET}`), 200);
    const guesses = await Promise.all(Array.from({ length: 100 }, (_, index) => send(`shared/guess-${index}`)));
    assert.deepEqual([...new Set(guesses)], [401]);
    assert.equal(await send(`shared/${SECRET}`), 200);
  });

  it("take two secrets while one is replaced, and not a third", async () => {
    assert.deepEqual(
      [await send(`changing/${SECRET}`), await send(`changing/${PREVIOUS}`), await send("changing/x"), await send("changing")],
      [200, 200, 401, 401],
    );
    const basic = (password: string): Record<string, string> => ({
      Authorization: `Basic ${Buffer.from(`abiquo:${password}`).toString("base64")}`,
    });
    assert.deepEqual(
      [await send("known", basic(SECRET)), await send("known", basic(PREVIOUS)), await send("known", basic(""))],
      [200, 200, 401],
    );
    await target.nodeRed.waitForLog(/previous secret/);
    assert.ok(!target.nodeRed.logs().includes(SECRET) && !target.nodeRed.logs().includes(PREVIOUS));
  });

  describe("of examples whose secret is not set", () => {
    for (const [name, path, attempts] of [
      [
        "TICKET_SECRET",
        "tickets/decided",
        [{}, { Authorization: "Bearer undefined" }, { Authorization: "Bearer " }, { Authorization: "" }],
      ],
      [
        "SLACK_SIGNING_SECRET",
        "slack/approval",
        [{}, { "X-Slack-Request-Timestamp": String(Math.floor(Date.now() / 1_000)), "X-Slack-Signature": "v0=" }],
      ],
      [
        "TELEGRAM_SECRET",
        "telegram/approval",
        [
          {},
          { "X-Telegram-Bot-Api-Secret-Token": "undefined" },
          { "X-Telegram-Bot-Api-Secret-Token": "" },
          { "X-Telegram-Bot-Api-Secret-Token": "null" },
        ],
      ],
    ] as const) {
      it(`refuse everybody and say so: ${name}`, async () => {
        const body = JSON.stringify({
          key: "task-1",
          approved: true,
          by: "eve",
          callback_query: { id: "1", from: { id: 100_200_300 }, data: "approve 0 x" },
        });
        for (const headers of attempts) {
          const answer = await target.post(path, body, headers as Record<string, string>);
          assert.deepEqual([answer.status, answer.body], [503, ""], JSON.stringify(headers));
        }
        await target.nodeRed.waitForLog(new RegExp(`${name} is not set`));
      });
    }
  });

  it("let in the task of a right call, after all of that", async () => {
    const id = target.newId;
    assert.equal((await target.post(`shared/${SECRET}`, JSON.stringify(forged(id)))).status, 200);
    await target.sink.have("arrived", 1, about(id));
  });
});
