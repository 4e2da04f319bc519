import assert from "node:assert/strict";
import { AbiquoClient, type AbiquoEvent, apiBase, type EventCursor } from "../../../nodes/lib/abiquo/index.ts";
import { type SimulatedAbiquo, startAbiquo } from "../../harness/index.ts";
import { type Reply, serve, type TestServer } from "./support.ts";

describe("the event log of Abiquo", () => {
  describe("of the simulated one", () => {
    let abiquo: SimulatedAbiquo;
    let client: AbiquoClient;

    beforeEach(async () => {
      abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/" });
      const { username, password } = abiquo.credentials.basic;
      client = new AbiquoClient({
        base: apiBase(abiquo.url),
        apiVersion: "",
        timeoutMs: 5_000,
        credentials: { kind: "basic", username, password },
      });
    });
    afterEach(async () => {
      await client.close();
      await abiquo.close();
    });

    const all = async (from: number): Promise<AbiquoEvent[]> => {
      const found: AbiquoEvent[] = [];
      for (let place: number | EventCursor | undefined = from; place !== undefined; ) {
        const page: Awaited<ReturnType<AbiquoClient["events"]>> = await client.events(place);
        found.push(...page.events);
        place = page.next;
      }
      return found;
    };

    it("names the machine of a decision, whose tasks say what became of them", async () => {
      const [task] = abiquo.hold();
      assert.ok(task);
      abiquo.decideElsewhere(task.taskId, "cancel");
      const [event] = await all(abiquo.seconds - 5);
      assert.deepEqual([event?.action, event?.by], ["TASK_DEPLOY_CANCEL", "somebody in Abiquo"]);
      const tasks = await client.tasksOf(event?.machine ?? "");
      assert.deepEqual(
        tasks.map(({ task: { taskId, state } }) => [taskId, state]),
        [[task.taskId, "CANCELLED"]],
      );
      assert.deepEqual(await all(abiquo.seconds + 5), []);
    });

    it("is read page by page, oldest first, each event once", async () => {
      const tasks = abiquo.hold({ count: 250 });
      for (const { taskId } of tasks) abiquo.decideElsewhere(taskId, "continue");
      const ids = (await all(abiquo.seconds - 5)).map(({ id }) => Number(id));
      assert.deepEqual([ids.length, new Set(ids).size], [250, 250]);
      assert.deepEqual(
        ids,
        [...ids].sort((a, b) => a - b),
      );
    });

    it("tells what time it is there with each answer", async () => {
      assert.equal(client.clockOffset, undefined);
      abiquo.moveClock(3_600_000);
      await client.version();
      assert.ok(Math.abs((client.clockOffset ?? 0) - 3_600_000) < 5_000);
    });
  });

  describe("in another form than expected", () => {
    let server: TestServer;
    let reply: Reply;

    before(async () => {
      server = await serve(() => reply);
    });
    after(() => server.close());

    const read = async (dto: object, links: object[] = []): Promise<Awaited<ReturnType<AbiquoClient["events"]>>> => {
      reply = { headers: { "Content-Type": "application/json" }, body: { collection: [dto], links } };
      return server.client().events(5);
    };
    const MACHINE = "cloud/virtualdatacenters/1/virtualappliances/2/virtualmachines/3";

    for (const [name, dto, machine] of [
      ["a link to the machine", { links: [{ rel: "virtualmachine", href: `https://other.example.com/api/${MACHINE}` }] }, MACHINE],
      ["a link to its task", { links: [{ rel: "task", href: `/api/${MACHINE}/tasks/t1` }] }, MACHINE],
      ["ids that could lead elsewhere", { idVirtualDatacenter: "..", idVirtualApp: "x/../y", idVirtualMachine: "3" }, undefined],
      ["nothing", {}, undefined],
    ] as const) {
      it(`takes the machine from ${name}`, async () => {
        const { events } = await read(dto);
        assert.equal(events[0]?.machine, machine === undefined ? undefined : `${server.client().base}/${machine}`);
      });
    }

    for (const [timestamp, at] of [
      ["2026-11-24T10:00:00.000Z", Date.UTC(2026, 10, 24, 10)],
      [Date.UTC(2026, 10, 24, 10), Date.UTC(2026, 10, 24, 10)],
      [Date.UTC(2026, 10, 24, 10) / 1_000, Date.UTC(2026, 10, 24, 10)],
      ["yesterday", undefined],
    ] as const) {
      it(`reads the moment ${timestamp}`, async () => {
        assert.equal((await read({ timestamp })).events[0]?.at, at);
      });
    }

    it("follows a link to the next page on its own path only", async () => {
      const { next } = await read({}, [{ rel: "next", href: "https://other.example.com/api/elsewhere?datefrom=5&startwith=100" }]);
      assert.deepEqual(next, { query: "datefrom=5&startwith=100" });
      assert.equal((await read({}, [{ rel: "next", href: "https://other.example.com/?a=b#c d" }])).next, undefined);
    });
  });
});
