import assert from "node:assert/strict";
import { apiBase, rebase } from "../../../nodes/lib/abiquo/index.ts";
import { BASE, faultOf, MACHINE } from "./support.ts";

const OWN = `${BASE}/${MACHINE}`;

describe("a link", () => {
  it("is put on the connection's URL, whatever stands before the API's own path", () => {
    for (const href of [
      MACHINE,
      `/${MACHINE}`,
      `api/${MACHINE}`,
      `/api/${MACHINE}`,
      `/some/other/prefix/${MACHINE}`,
      `http://10.0.0.7:8080/${MACHINE}`,
      `http://internal/api/${MACHINE}`,
      `HTTPS://CLOUD.EXAMPLE.COM/api/${MACHINE}`,
      `https://cloud.example.com/api/${MACHINE}`,
      `https://cloud.example.com/api/${MACHINE}/`,
      `/api//${MACHINE.replace("/", "//")}`,
      `https://cloud.example.com/apiary/${MACHINE}`,
    ]) {
      assert.equal(rebase(href, BASE), OWN, href);
    }
  });

  it("begins at the first cloud or admin", () => {
    assert.equal(rebase("/x/admin/enterprises/1/cloud/2", BASE), `${BASE}/admin/enterprises/1/cloud/2`);
    assert.equal(rebase("cloud/admin/1", BASE), `${BASE}/cloud/admin/1`);
  });

  it("takes cloud and admin only as whole segments", () => {
    for (const href of [
      "cloudy/x",
      "mycloud/x",
      "/administrator/x",
      `${BASE}/cloudx`,
      `${BASE}/adminx/y`,
      "Cloud/x",
      "cloud",
      "/api/admin/",
    ]) {
      assert.equal(faultOf(() => rebase(href, BASE)).code, "ABIQUO_BAD_LINK", href);
    }
  });

  it("works with bases of any depth", () => {
    assert.equal(rebase(`/${MACHINE}`, apiBase("http://127.0.0.1:9009")), `http://127.0.0.1:9009/${MACHINE}`);
    assert.equal(rebase(`/api/${MACHINE}`, apiBase("https://h.example/a/b/")), `https://h.example/a/b/${MACHINE}`);
    const inCloud = apiBase("https://h.example/cloud/api");
    assert.equal(rebase(`https://h.example/cloud/api/${MACHINE}`, inCloud), `https://h.example/cloud/api/${MACHINE}`);
  });

  for (const [what, hrefs] of Object.entries({
    "climbs up": ["cloud/../../etc/x", "/api/../cloud/x", "http://h/../cloud/x", `${BASE}/cloud/../admin/x`, "cloud/./x", "cloud/x/.."],
    "hides a part by encoding": [
      "cloud/%2e%2e/x",
      "cloud/%2E%2E/x",
      "cloud/a%2fb",
      "cloud/a%5Cb",
      "cloud/%00",
      "cloud/%41",
      `${BASE}/cloud/%2e%2e/x`,
    ],
    "has backslashes": ["cloud\\..\\x", "\\\\evil.example\\cloud\\x", "https:\\\\evil.example/cloud/x", "/api\\cloud/x"],
    "has user info": ["https://user:secret@cloud.example.com/api/cloud/x", "https://cloud.example.com@evil.example/cloud/x"],
    "has whitespace or control characters": [
      "cloud/a b",
      " cloud/x",
      "cloud/x\n",
      "cloud/x\r\nHost: evil",
      "cloud/x\u0000",
      "cloud/x\u007f",
      "cloud/x\u00a0",
      "cloud/\u2028",
    ],
    "has a query or a fragment": ["cloud/x?y=1", "cloud/x#y", `${BASE}/cloud/x?force=true`],
    "is no path of the API": [
      "",
      "/",
      "x",
      "mailto:cloud/x",
      "javascript:cloud/x",
      "file:///cloud/x",
      "//evil.example/cloud/x",
      "http:cloud/x",
      "http://cloud",
      "ftp://h/cloud/x",
    ],
    "has characters that Abiquo's paths do not": ["cloud/é", "cloud/x;y", "cloud/x:y", "cloud/<x>", "cloud/x'", 'cloud/x"', "cloud/x|y"],
    "is too long": [`cloud/${"x".repeat(5_000)}`],
  })) {
    it(`is refused when it ${what}`, () => {
      for (const href of hrefs) assert.equal(faultOf(() => rebase(href, BASE)).code, "ABIQUO_BAD_LINK", href);
    });
  }

  it("is named when refused, cut short, and never with what may be a secret", () => {
    assert.equal(faultOf(() => rebase("/api/elsewhere/1", BASE)).params["href"], "/api/elsewhere/1");
    assert.ok(String(faultOf(() => rebase(`/x${"y".repeat(3_000)}`, BASE)).params["href"]).length <= 100);
    for (const href of ["https://user:hunter2@h/cloud/x", "/cloud/x?password=hunter2"]) {
      assert.doesNotMatch(faultOf(() => rebase(href, BASE)).stack ?? "", /hunter2/);
    }
  });
});
