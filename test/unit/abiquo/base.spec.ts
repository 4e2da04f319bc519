import assert from "node:assert/strict";
import { inspect } from "node:util";
import { apiBase } from "../../../nodes/lib/abiquo/index.ts";
import { faultOf } from "./support.ts";

describe("the API's base URL", () => {
  it("is brought into one form, since it is part of every task's key", () => {
    for (const [given, normal] of [
      ["https://cloud.example.com/api", "https://cloud.example.com/api"],
      ["https://cloud.example.com/api/", "https://cloud.example.com/api"],
      ["https://cloud.example.com/api///", "https://cloud.example.com/api"],
      ["HTTPS://Cloud.Example.COM:443/api", "https://cloud.example.com/api"],
      ["http://cloud.example.com:80/api", "http://cloud.example.com/api"],
      ["http://cloud.example.com:443/api", "http://cloud.example.com:443/api"],
      ["https://cloud.example.com", "https://cloud.example.com"],
      ["https://cloud.example.com/a/../api", "https://cloud.example.com/api"],
      ["http://[::1]:8080/api", "http://[::1]:8080/api"],
    ]) {
      assert.equal(apiBase(given ?? ""), normal);
    }
  });

  it("keeps the case of its path, which servers tell apart", () => {
    assert.equal(apiBase("https://cloud.example.com/API"), "https://cloud.example.com/API");
  });

  it("is refused with anything that it does not need, and says nothing secret of it", () => {
    for (const url of [
      "",
      "cloud.example.com/api",
      "ftp://cloud.example.com/api",
      "admin:hunter2@cloud.example.com/api",
      "https://admin:hunter2@cloud.example.com/api",
      "https://hunter2@cloud.example.com/api",
      "https://cloud.example.com/api?token=hunter2",
      "https://cloud.example.com/api#hunter2",
      "javascript:hunter2",
    ]) {
      const fault = faultOf(() => apiBase(url));
      assert.equal(fault.code, "ABIQUO_BAD_URL", url);
      assert.doesNotMatch(inspect(fault, { depth: 10 }), /hunter2/, url);
    }
  });
});
