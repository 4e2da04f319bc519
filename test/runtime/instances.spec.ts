import assert from "node:assert/strict";
import { type NodeRedProcess, type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import { PostgresServer } from "../support/postgres.ts";
import {
  about,
  answering,
  catcher,
  credentials,
  decide,
  eventually,
  idsOf,
  posted,
  type Report,
  reporter,
  SECRET,
  Sink,
  startUnderTest,
  VERSIONS,
  webhook,
} from "./under-test.ts";

const [{ nodeRed }] = VERSIONS;
const MIA = "mia@example.com";
/** How long an instance waits for one that says nothing, in s. */
const LEASE = 2;

/** What arrives at /hook waits; at /go it is continued at once; at /ask Mia is asked. */
function flowsOf(sink: Sink, abiquo: SimulatedAbiquo): object[] {
  const node = (id: string, type: string, properties: object): object => ({ id, type, z: "tab", connection: "config", ...properties });
  const hook = (id: string, wires: string[][]): object => webhook(id, { path: `/${id}`, auth: "secret", emit: "task", wires });
  return [
    { id: "tab", type: "tab", label: "Under test" },
    { id: "store", type: "abiquo-store", engine: "postgres" },
    {
      id: "config",
      type: "abiquo-config",
      url: abiquo.url,
      auth: "oauth1",
      timeout: 5,
      store: "store",
      publicUrl: "https://red.example.com",
    },
    hook("hook", [["arrived-body"]]),
    hook("go", [["yes"]]),
    hook("ask", [["approval"]]),
    node("yes", "abiquo-continue", { wires: [["went-body"], ["otherwise-body"]] }),
    node("approval", "abiquo-approval", {
      key: "managers",
      levels: [{ name: "Managers", approvers: [MIA], need: "any" }],
      wires: [["notify-body"], ["approved-body", "yes"], ["rejected-body"], ["withdrawn-body"], ["vote-body"]],
    }),
    ...posted("say", "approval"),
    ...["arrived", "went", "notify", "approved", "rejected", "withdrawn", "vote"].flatMap((path) => reporter(sink, path)),
    ...answering(sink),
    ...catcher(sink),
  ];
}

describe("Two Node-REDs on one database", function () {
  this.timeout(120_000);
  let server: PostgresServer;
  let abiquo: SimulatedAbiquo;
  let [one, other]: Instance[] = [];

  interface Instance {
    readonly sink: Sink;
    readonly nodeRed: NodeRedProcess;
  }

  before(async () => {
    server = await PostgresServer.start();
    abiquo = await startAbiquo({ webhook: "http://127.0.0.1:9/" });
    const url = await server.database();
    const start = async (): Promise<Instance> => {
      const sink = await Sink.start();
      const change = {
        flows: flowsOf(sink, abiquo),
        credentials: { ...credentials(abiquo), go: { secret: SECRET }, ask: { secret: SECRET }, store: { url } },
        settings: { abiquoConfigLease: LEASE },
      };
      return { sink, nodeRed: await startUnderTest(nodeRed, abiquo, sink, change) };
    };
    [one, other] = await Promise.all([start(), start()]);
  });

  after(async () => {
    for (const each of [one, other]) await each?.nodeRed.stop();
    for (const each of [one, other]) await each?.sink.close();
    await abiquo.close();
    await server.stop();
  });

  const first = (): Instance => one as Instance;
  const second = (): Instance => other as Instance;
  const both = (path: string): Report[] => [first(), second()].flatMap(({ sink }) => sink.of(path));
  const hookOf = ({ nodeRed }: Instance, path: string): string => `${nodeRed.nodeUrl}${path}/${SECRET}`;

  async function send(to: Instance, path: string): Promise<string> {
    const [task] = abiquo.hold({ type: "DEPLOY" });
    const { status } = await abiquo.post([task as NonNullable<typeof task>], { url: hookOf(to, path) });
    assert.equal(status, 200);
    return task?.taskId ?? "";
  }

  /** Mia approves what this notification asked her. */
  async function approve(at: Instance, asked: Report | undefined): Promise<void> {
    const { approval } = (asked?.body.abiquo ?? {}) as { approval?: { id: string } };
    const body = JSON.stringify({ vote: { id: approval?.id, action: "approve", by: MIA } });
    await at.nodeRed.request("/say", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  }

  const appliedTo = (id: string): string[] =>
    abiquo.answers.filter(({ taskId, applied }) => applied && taskId === id).map(({ action }) => action);

  it("emit what Abiquo sends to both at once by one of them", async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const [task] = abiquo.hold({ type: "DEPLOY" });
        const tasks = [task as NonNullable<typeof task>];
        const posts = await Promise.all([first(), second()].map((each) => abiquo.post(tasks, { url: hookOf(each, "hook") })));
        assert.deepEqual(
          posts.map(({ status }) => status),
          [200, 200],
        );
        return task?.taskId ?? "";
      }),
    );
    await eventually(() => new Set(both("arrived").flatMap(idsOf)).size === ids.length);
    const arrived = both("arrived").flatMap(idsOf);
    assert.deepEqual(arrived.sort(), ids.sort());
  });

  it("count a vote wherever it comes, and let the outcome leave once", async () => {
    const id = await send(first(), "ask");
    const [asked] = await first().sink.have("notify");
    assert.deepEqual(second().sink.of("notify"), []);
    await approve(second(), asked);
    await eventually(() => both("went").some(about(id)));
    assert.equal(both("approved").filter(about(id)).length, 1);
    assert.deepEqual(appliedTo(id), ["continue"]);
  });

  it("each tell the outcome of an answer that the other delivers, and give one answer", async () => {
    const id = await send(first(), "hook");
    const outage = abiquo.inject({ match: { action: "continue" }, status: 503, effect: "before" });
    await decide(first().nodeRed, "continue", id);
    await eventually(() => outage.hits > 0);
    await decide(second().nodeRed, "continue", id);
    outage.remove();
    await Promise.all([first(), second()].map(({ sink }) => sink.have("answered", 1, about(id))));
    assert.deepEqual(appliedTo(id), ["continue"]);
  });

  it("lose nothing and answer nothing twice when one is killed under load", async () => {
    const before = abiquo.answers.length;
    for (const { sink } of [first(), second()]) sink.clear();
    const approving = await send(first(), "ask");
    const [asked] = await first().sink.have("notify");
    const taken: string[] = [];
    let isOver = false;
    const load = async (to: Instance): Promise<void> => {
      while (!isOver) taken.push(await send(to, "go"));
    };
    const loads = Promise.allSettled([load(first()), load(first()), load(second())]);
    await eventually(() => taken.length > 60);
    await first().nodeRed.kill("SIGKILL");
    const killed = Date.now();
    await eventually(() => taken.length > 120);
    isOver = true;
    await loads;
    await eventually(() => taken.every((id) => appliedTo(id).length === 1), 30_000);
    assert.ok(Date.now() - killed < 30_000);
    const answered = abiquo.answers.slice(before).filter(({ applied }) => applied);
    assert.equal(new Set(answered.map(({ taskId }) => taskId)).size, answered.length);

    // What the killed one asked is the other's as well.
    await approve(second(), asked);
    await second().sink.have("went", 1, about(approving));
    const told = both("notify").map(({ body: { abiquo } }) => (abiquo as { approval?: { notification: string } }).approval?.notification);
    assert.ok(told.length - new Set(told).size <= 1, `no mail twice but the one in flight: ${told.join()}`);
  });
});
