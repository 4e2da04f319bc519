import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readExchanges } from "../../harness/index.ts";
import { Cloud, taskPath } from "./support.ts";

describe("Exchanges recorded by the simulated Abiquo", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "exchanges-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("hold requests and answers, appended from run to run, and no credential", async () => {
    const record = join(folder, "exchanges.ndjson");
    const first = await Cloud.start({ record });
    const task = first.held();
    await first.call(`${taskPath(task)}/action/continue`, { method: "POST", headers: { "Content-Type": "text/plain" }, body: "accepted" });
    await first.abiquo.close();
    const second = await Cloud.start({ record });
    await second.call("/login", { accept: "user" });
    await second.call("/admin/enterprises/9");
    await second.abiquo.close();

    const exchanges = readExchanges(record);
    assert.deepEqual(
      exchanges.map(({ method, path, status }) => [method, path, status]),
      [
        ["POST", `/api${taskPath(task)}/action/continue`, 204],
        ["GET", "/api/login", 200],
        ["GET", "/api/admin/enterprises/9", 404],
      ],
    );
    assert.equal(exchanges[0]?.requestBody, "accepted");
    assert.equal((JSON.parse(exchanges[1]?.responseBody ?? "") as { nick: string }).nick, "workflow");
    const text = readFileSync(record, "utf8").toLowerCase();
    for (const secret of ["authorization", "x-abiquo-token", "basic "]) assert.equal(text.includes(secret), false, secret);
  });

  it("can be asked again of another simulated Abiquo, and come out the same", async () => {
    const record = join(folder, "exchanges.ndjson");
    const one = await Cloud.start({ record });
    for (const path of ["/admin/enterprises", "/admin/enterprises/2/users", "/config/properties", "/admin/roles/1"]) await one.call(path);
    const { url } = one.abiquo;
    await one.abiquo.close();
    const other = await Cloud.start();
    for (const { path, status, responseBody } of readExchanges(record)) {
      const response = await other.call(path.replace(/^\/api/, ""));
      assert.equal(response.status, status);
      assert.equal((await response.text()).replaceAll(other.abiquo.url, url), responseBody);
    }
    await other.abiquo.close();
  });
});
