import assert from "node:assert/strict";
import { signInbox, signLink } from "../../nodes/lib/approval/index.ts";
import { BEN, HOUR, MIA, PUBLIC, Site } from "./approval-site.ts";
import { about, VERSIONS } from "./under-test.ts";

/** What every page says, whatever its status. */
function assertStrict(response: Response): void {
  const of = (name: string): string => response.headers.get(name) ?? "";
  assert.match(of("content-security-policy"), /default-src 'none'.*frame-ancestors 'none'/);
  assert.doesNotMatch(of("content-security-policy"), /unsafe|script-src/);
  assert.equal(of("referrer-policy"), "no-referrer");
  assert.equal(of("cache-control"), "no-store");
  assert.equal(of("x-content-type-options"), "nosniff");
  assert.equal(of("x-frame-options"), "DENY");
  assert.equal(of("set-cookie"), "");
}

for (const { name, nodeRed } of VERSIONS) {
  for (const root of ["", "/admin"]) {
    describe(`approval pages on ${name}, the editor under ${root || "/"}`, function () {
      this.timeout(120_000);
      let site: Site;

      before(async () => {
        site = await Site.start(nodeRed, root === "" ? {} : { httpAdminRoot: root });
      });

      after(() => site?.stop());

      const asBen = { "X-Forwarded-Email": BEN.email };
      const stateOf = (id = ""): string | undefined => site.abiquo.task(id)?.state;

      it("answer what only looks, and what posts a form, and nothing else", async () => {
        const { ids, mia } = await site.ask("any", 1);
        for (const link of [mia.links.page, mia.links.inbox]) {
          for (const method of ["PUT", "PATCH", "DELETE"]) {
            const response = await fetch(site.local(link), {
              method,
              ...(method === "DELETE" ? {} : { body: new URLSearchParams({ action: "approve" }) }),
            });
            assert.deepEqual([response.status, response.headers.get("allow")], [405, "GET, HEAD, POST"], method);
            assertStrict(response);
          }
          const options = await fetch(site.local(link), { method: "OPTIONS" });
          assert.deepEqual([options.status, await options.text()], [204, ""]);
          // The editor of Node-RED 4, where it has the root, answers OPTIONS itself.
          assert.equal(options.headers.get("allow") ?? "GET, HEAD, POST", "GET, HEAD, POST");
          const head = await fetch(site.local(link), { method: "HEAD" });
          const whole = await site.get(link);
          assert.deepEqual([head.status, await head.text()], [200, ""]);
          assert.equal(head.headers.get("content-length"), String(Buffer.byteLength(await whole.text())));
          assertStrict(head);
        }
        assert.equal(stateOf(ids[0]), "QUEUEING");
      });

      it("take no form from another site, even in the browser of somebody signed in", async () => {
        const { ids, approval, mia, ben } = await site.ask("any", 1);
        const inbox = await (await site.get(`${PUBLIC}/abiquo/inbox`, asBen)).text();
        const [, form = ""] = /name="form" value="([^"]+)"/.exec(inbox) ?? [];
        for (const from of ["cross-site", "same-site"]) {
          const headers = { "Sec-Fetch-Site": from };
          const page = await site.post(mia.links.page, { action: "approve", reason: "x" }, headers);
          assert.equal(page.status, 403);
          assertStrict(page);
          assert.equal((await site.post(ben.links.inbox, { action: "approve", pick: approval }, headers)).status, 403);
          const signedIn = await site.post(`${PUBLIC}/abiquo/inbox`, { action: "approve", pick: approval, form }, { ...headers, ...asBen });
          assert.equal(signedIn.status, 403);
        }
        assert.equal(stateOf(ids[0]), "QUEUEING");
        assert.equal(site.sink.of("approved").length, 0);
      });

      it("take no form that is too long, or of another kind, and go on", async () => {
        const { ids, mia } = await site.ask("any", 1);
        const long = await site.post(mia.links.page, { action: "approve", reason: "x".repeat(2 * 1024 * 1024) });
        assert.equal(long.status, 413);
        assertStrict(long);
        for (const type of ["application/json", "multipart/form-data; boundary=x"]) {
          const headers = { "Content-Type": type };
          const other = await fetch(site.local(mia.links.page), { method: "POST", headers, body: JSON.stringify({ action: "approve" }) });
          assert.equal(other.status, 400, type);
        }
        assert.equal(stateOf(ids[0]), "QUEUEING");
        assert.equal((await site.post(mia.links.page, { action: "approve" })).status, 200);
        await site.sink.have("answered", 1, about(ids[0] ?? ""));
      });

      it("read a thousand ticks of a form, whatever else of Node-RED reads forms", async () => {
        const { ids, approval, mia } = await site.ask("any", 1);
        const form = new URLSearchParams({ action: "approve", reason: "All of these" });
        for (let index = 1; index < 1_000; index++) form.append("pick", `unknown-${index}`);
        form.append("pick", approval);
        const response = await site.post(mia.links.inbox, form);
        assert.equal(response.status, 200);
        const page = await response.text();
        assert.equal(page.match(/unknown-\d+<br>/g)?.length, 999);
        await site.sink.have("answered", 1, about(ids[0] ?? ""));
        assert.equal(stateOf(ids[0]), "PENDING");
      });

      it("leave out as many machines as are ticked", async () => {
        const { ids, mia } = await site.ask("any", 300);
        const form = new URLSearchParams({ action: "approve", reason: "One will do" });
        for (const id of ids.slice(1)) form.append("except", id);
        assert.equal((await site.post(mia.links.page, form)).status, 200);
        for (const id of [ids[0], ids[1], ids[299]]) await site.sink.have("answered", 1, about(id ?? ""));
        assert.deepEqual([stateOf(ids[0]), stateOf(ids[1]), stateOf(ids[299])], ["PENDING", "CANCELLED", "CANCELLED"]);
      });

      it("say nothing in an inbox of what its person was not asked", async () => {
        const { approval } = await site.ask("any", 1);
        const stranger = signInbox(site.keys, { person: "eve@example.com", expiresAt: Date.now() + HOUR });
        const page = await (await site.post(`${PUBLIC}/abiquo/inbox/${stranger}`, { action: "approve", pick: approval })).text();
        assert.match(page, new RegExp(approval));
        assert.doesNotMatch(page, /Deploy|vm-\d|\/approval\//);
        assert.equal(site.sink.of("approved").length, 0);
        await site.ask("any", 1);
      });

      it("tell nobody, on no page, a secret or where the program failed", async () => {
        const { approval, mia } = await site.ask("any", 2);
        const expired = signLink(site.keys, { approval, level: 0, person: MIA.email, expiresAt: Date.now() - HOUR });
        const gone = signLink(site.keys, { approval: "AAAAAAAAAAAAAAAAAAAAAA", level: 0, person: MIA.email, expiresAt: Date.now() + HOUR });
        const page = (token: string): string => `${PUBLIC}/abiquo/approval/${token}`;
        const answers = [
          [200, await site.get(mia.links.page)],
          [200, await site.get(`${mia.links.inbox}?page=-1&q=%00%25'"<script>&type=__proto__`)],
          [200, await site.get(`${mia.links.inbox}?page=999999999999999999999`)],
          [200, await site.get(`${PUBLIC}/abiquo/inbox`, asBen)],
          [403, await site.get(page("none"))],
          [403, await site.get(page("%E0%A4%A"))],
          [403, await site.get(page("x".repeat(8_000)))],
          [403, await site.get(`${PUBLIC}/abiquo/approval`)],
          [403, await site.get(`${PUBLIC}/abiquo/inbox`)],
          [404, await site.get(page(gone))],
          [410, await site.get(page(expired))],
          [400, await site.post(mia.links.page, { action: "dance" })],
          [422, await site.post(mia.links.page, { action: "reject" })],
          [422, await site.post(mia.links.page, { action: "delegate", to: "nobody" })],
          [200, await site.post(mia.links.page, { action: "approve" })],
          [409, await site.post(mia.links.page, { action: "reject", reason: "no" })],
        ] as const;
        const { consumerSecret, accessTokenSecret } = site.abiquo.credentials.oauth;
        const keys = JSON.stringify(site.keys).match(/[\w+/=-]{32,}/g) ?? [];
        assert.ok(keys.length > 0);
        for (const [index, [status, response]] of answers.entries()) {
          assert.equal(response.status, status, `answer ${index}`);
          assertStrict(response);
          const text = await response.text();
          for (const secret of [consumerSecret, accessTokenSecret, ...keys]) assert.ok(!text.includes(secret), `answer ${index}`);
          assert.doesNotMatch(text, /\.[jt]s:\d+|node_modules|<script|undefined|\[object/);
        }
      });
    });
  }
}
