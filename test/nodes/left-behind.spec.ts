import assert from "node:assert/strict";
import { type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { around, closeFlow, credentials, Flow, node, SECRET, type Sent, sink } from "./support.ts";

const LEVEL = { name: "Managers", approvers: ["boss@example.com"], need: "any", deadline: 0, onDeadline: "wait", remindEvery: 0 };
const ELSEWHERE = "http://127.0.0.1:9/api";

describe("work of a connection that no longer leads where it did", () => {
  let abiquo: SimulatedAbiquo;
  let flow: Flow;

  const flows = (config: object, more: object[] = []): object[] => [
    ...around(abiquo, "go", config),
    ...more,
    node("hook", "abiquo-webhook-in", ["arrived"], { path: "/hook" }),
    node("go", "abiquo-continue", ["out", "out"]),
    node("ask", "abiquo-approval", ["told", "out", "out", "out", "out"], { levels: [LEVEL] }),
    node("decided", "abiquo-list-pending", ["decided-list"], { scope: "ledger", stage: "decided", emit: "list" }),
    node("asked", "abiquo-list-pending", ["asked-list"], { scope: "ledger", stage: "asked", emit: "list" }),
    ...["arrived", "out", "told", "decided-list", "asked-list"].map(sink),
  ];
  const secrets = (): Record<string, Record<string, string>> =>
    credentials(abiquo, { hook: { secret: SECRET }, other: { ...abiquo.credentials.oauth } });
  const idsIn = async (list: string): Promise<string[]> => {
    flow.send(list, {});
    const { abiquo: found } = await flow.inbox(`${list}-list`).first();
    return (found?.tasks ?? []).map(({ task }) => task.taskId);
  };
  const told = (): (string | undefined)[] =>
    flow.inbox("faults").all.flatMap(({ error }) => (error?.code === "WORK_LEFT_BEHIND" ? [error.message] : []));

  let ids: string[];
  /** One task is decided but cannot be delivered, and people are asked about another. */
  beforeEach(async () => {
    abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/" });
    flow = await Flow.load(flows({}), { credentials: secrets() });
    abiquo.setEndpoint(`${await flow.serve()}/hook/${SECRET}`);
    await abiquo.submit({ count: 2 });
    const [first, second] = (await flow.inbox("arrived").have(2)) as [Sent, Sent];
    ids = [first, second].map((message) => message.abiquo?.task?.taskId ?? "");
    abiquo.inject({ match: { path: "/action/continue" }, status: 503 });
    flow.send("go", first);
    flow.send("ask", second);
    await flow.inbox("told").first();
    assert.deepEqual(await idsIn("decided"), ids.slice(0, 1));
  });

  afterEach(async () => {
    await closeFlow();
    await abiquo.close();
  });

  it("is told with where it is and how much, and is still listed, when its address was changed", async () => {
    await flow.deploy(flows({ url: ELSEWHERE }), "full", secrets());
    const fault = await flow.fault(({ code }) => code === "WORK_LEFT_BEHIND");
    assert.equal(fault.source.id, "config");
    assert.match(fault.message, new RegExp(`WORK_LEFT_BEHIND ${abiquo.url} 1 1$`));
    assert.deepEqual(await idsIn("asked"), ids.slice(1));
    flow.send("decided", {});
    const [, again] = await flow.inbox("decided-list").have(2);
    assert.deepEqual(
      again?.abiquo?.tasks?.map(({ task }) => task.taskId),
      ids.slice(0, 1),
    );
  });

  it("is told once where several connections could tell it", async () => {
    const other = { id: "other", type: "abiquo-config", url: ELSEWHERE, auth: "oauth1", timeout: 5 };
    await flow.deploy(
      flows({ url: ELSEWHERE }, [other, { ...node("use", "abiquo-continue", ["out", "out"]), connection: "other" }]),
      "full",
      secrets(),
    );
    await flow.fault(({ code }) => code === "WORK_LEFT_BEHIND");
    await idsIn("asked");
    assert.equal(told().length, 1);
  });
});
