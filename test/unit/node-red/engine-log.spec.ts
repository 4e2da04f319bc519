import assert from "node:assert/strict";
import type { NodeAPI } from "node-red";
import { EngineLog } from "../../../nodes/lib/node-red/engine-log.ts";

describe("the log of an engine", () => {
  it("has a line for the head of the audit, whole, to be kept elsewhere", () => {
    const lines: string[] = [];
    const RED = {
      _: (key: string, params: object) => `${key} ${JSON.stringify(params)}`,
      log: { info: (line: string) => lines.push(line) },
    } as unknown as NodeAPI;
    const head = `12:${"ab".repeat(32)}`;
    new EngineLog(RED, "PostgreSQL", false).observe({ kind: "head", head });
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /^\[abiquo\] .*log\.head /);
    assert.ok(lines[0]?.includes(head));
  });
});
