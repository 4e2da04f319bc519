import assert from "node:assert/strict";
import type { ClientSettings } from "../../../nodes/lib/abiquo/index.ts";
import type { Connection } from "../../../nodes/lib/engine/index.ts";
import { ask, cloud, type Desk, HOUR, idle, json, KEY, MINUTE, openWithDesk, policy, user } from "./approvals-support.ts";
import { type Answering, error, type Workshop } from "./support.ts";

const ADMIN = policy({ approvers: "role:ADMIN" });

describe("the people of approvals", () => {
  let shop: Workshop;
  let desk: Desk;

  beforeEach(async () => {
    ({ shop, desk } = await openWithDesk());
  });

  afterEach(() => shop.close());

  /** Abiquo refuses what the path fits. */
  const refusing =
    (path: RegExp, status = 403, code = "ACCESS-0"): Answering =>
    (request) =>
      path.test(request.url) ? error(status, code) : cloud()(request);

  /** Lets time pass until it is so. */
  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      shop.clock.advance(MINUTE);
      await idle(shop);
    }
  }

  const ROLES = /\/users\?/;
  const REQUESTER = /\/users\/\d+$/;
  const DATACENTER = /\/virtualdatacenters\/\d+$/;

  for (const [what, path] of [
    ["the users", ROLES],
    ["the virtual datacenter", DATACENTER],
    ["the requester", REQUESTER],
  ] as const) {
    it(`are not nobody while Abiquo forbids to read ${what}: nothing is decided, it is told once, and asked when it may be read`, async () => {
      shop.answering = refusing(path);
      const refused = (): number => shop.requests.all.filter(({ request }) => path.test(request.url)).length;
      await shop.receive("t1");
      await ask(shop, ["t1"], { policy: policy({ approvers: "role:ADMIN" }, { noApprover: "reject" }) });
      assert.equal((await desk.reported.have(1))[0]?.code, "ABIQUO_FORBIDDEN");
      for (let time = 0; time < 3; time++) {
        const before = refused();
        await until(() => refused() > before);
      }
      await idle(shop);
      assert.deepEqual([desk.left.all, await shop.at("asked"), desk.reported.all.length], [[], ["t1"], 1]);
      shop.answering = cloud();
      await until(() => desk.told.all.length > 0);
      assert.deepEqual(await desk.lines(1), ["asked ada@example.com"]);
      assert.deepEqual(desk.left.all, []);
    });
  }

  it("are not fewer because Abiquo forbids to read a role: all of a level means all", async () => {
    shop.answering = refusing(ROLES);
    await shop.receive("t1");
    await ask(shop, ["t1"], { policy: policy({ approvers: ["role:ADMIN", "mia@example.com"], need: "all" }) });
    await desk.reported.have(1);
    for (let time = 0; time < 10; time++) {
      shop.clock.advance(MINUTE);
      await idle(shop);
    }
    assert.deepEqual(desk.told.all, []);
  });

  it("are nobody where Abiquo says that there is no such virtual datacenter", async () => {
    shop.answering = refusing(DATACENTER, 404, "VDC-0");
    await shop.receive("t1");
    await ask(shop, ["t1"], { policy: policy({ approvers: "role:ADMIN" }, { noApprover: "reject" }) });
    const [outcome] = await desk.left.have(1);
    assert.deepEqual([outcome?.port, outcome?.entries[0]?.decision?.cause], ["rejected", "no-approver"]);
  });

  it("are asked at no address that a mail program could read as another's, and that is told", async () => {
    shop.answering = (request) => {
      if (!ROLES.test(request.url)) return cloud()(request);
      const people = ["ada@example.com", "bea@example.com, victim@example.net"].map((email, index) => user(index + 2, email, "ADMIN"));
      return json({ collection: people, totalSize: people.length, links: [] });
    };
    await shop.receive("t1");
    await ask(shop, ["t1"], { policy: ADMIN });
    assert.deepEqual(await desk.lines(1), ["asked ada@example.com"]);
    await idle(shop);
    assert.deepEqual(
      desk.reported.all.map(({ code }) => code),
      ["APPROVAL_ADDRESS_UNUSABLE"],
    );
  });

  it("are the fallback where a requester is not shown, as that is what it is for", async () => {
    shop.answering = refusing(REQUESTER);
    await shop.receive("t1");
    await ask(shop, ["t1"], { policy: policy({}, { noApprover: "fallback", fallback: "ops@example.com" }) });
    assert.deepEqual(await desk.lines(1), ["asked ops@example.com"]);
  });

  it("are asked where a requester is not shown and people may approve their own", async () => {
    shop.answering = refusing(REQUESTER);
    await shop.receive("t1");
    await ask(shop, ["t1"], { policy: policy({}, { allowSelfApproval: true }) });
    assert.deepEqual(await desk.lines(1), ["asked mia@example.com"]);
  });

  for (const role of ["ADMIN", "admin", " Admin "]) {
    it(`hold the role ${JSON.stringify(role)} however it is spelled`, async () => {
      await shop.receive("t1");
      await ask(shop, ["t1"], { policy: policy({ approvers: `role:${role}` }) });
      assert.deepEqual(await desk.lines(1), ["asked ada@example.com"]);
    });
  }

  it("are each asked once where one role is named in two spellings", async () => {
    await shop.receive("t1");
    await ask(shop, ["t1"], { policy: policy({ approvers: "role:ADMIN, role:admin" }) });
    await desk.told.have(1);
    await idle(shop);
    assert.deepEqual(await desk.lines(1), ["asked ada@example.com"]);
  });

  it("are read once for all requests of one POST", async () => {
    const ids = Array.from({ length: 200 }, (_, index) => `t${index}`);
    await shop.receive(...ids);
    const before = shop.requests.all.length;
    await ask(shop, ids, { policy: ADMIN });
    while (desk.told.all.length < ids.length) {
      shop.clock.advance(0);
      await idle(shop);
    }
    const read = shop.requests.all.slice(before).map(({ request: { url } }) => url.replace(/^.*\/api/, ""));
    assert.deepEqual(read.length, new Set(read).size, "each once");
    assert.ok(read.length <= 3, `${read.length} reads`);
  });

  describe("who could not be found out before their connection was replaced", () => {
    const as = (username: string): Pick<ClientSettings, "credentials"> => ({
      credentials: { kind: "basic", username, password: "s3cret" },
    });

    beforeEach(async () => {
      const own = shop.connect(0, "own", as("ana"));
      await shop.engine.connect(own);
      shop.answering = refusing(REQUESTER, 503, "BUSY");
      await shop.receive("t1");
      await ask({ engine: shop.engine, clock: shop.clock, connection: own }, ["t1"]);
      await desk.reported.have(1);
      shop.answering = cloud();
      shop.engine.disconnect(own);
      await shop.restart();
      await shop.engine.approvals.attach(KEY, desk);
    });

    it("are found out by one that signs in as the same user, also after a stop", async () => {
      const same = shop.connect(0, "same", as("ana"));
      await shop.engine.connect(same);
      assert.deepEqual(await desk.lines(1), ["asked mia@example.com"]);
      shop.engine.disconnect(same);
    });

    it("are left behind where there is none, and that is not so once they are asked", async () => {
      const [eve, same] = [shop.connect(0, "eve", as("eve")), shop.connect(0, "same", as("ana"))];
      const left = async (...connections: Connection[]): Promise<number[]> =>
        (await shop.engine.leftBehind(connections)).map(({ requests }) => requests);
      assert.deepEqual([await left(eve), await left(eve, same), await left()], [[1], [], [1]]);
      await shop.engine.connect(same);
      await desk.lines(1);
      shop.engine.disconnect(same);
      assert.deepEqual([await left(eve), await left()], [[], [1]]);
    });
  });

  it("are read anew by later requests, and after a failure", async () => {
    await shop.receive("t1", "t2", "t3");
    await ask(shop, ["t1"], { policy: ADMIN });
    await desk.told.have(1);
    shop.clock.advance(HOUR);
    shop.answering = (request) => (ROLES.test(request.url) ? json({ collection: [], totalSize: 0, links: [] }) : cloud()(request));
    await ask(shop, ["t2"], { policy: ADMIN });
    assert.deepEqual(
      (await desk.reported.have(1)).map(({ params }) => params["reason"]),
      ["APPROVAL_NO_APPROVER"],
    );
    shop.clock.advance(HOUR);
    shop.answering = refusing(ROLES);
    await ask(shop, ["t3"], { policy: ADMIN });
    await desk.reported.have(2);
    shop.answering = cloud();
    await until(() => desk.told.all.length === 2);
    assert.deepEqual(await desk.lines(2), ["asked ada@example.com", "asked ada@example.com"]);
  });
});
