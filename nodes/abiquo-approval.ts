import type { NodeAPI } from "node-red";
import { ApprovalNode } from "./lib/runtime/approval.ts";
import { serveApprovalPages } from "./lib/runtime/approval-routes.ts";
import { defineNode } from "./lib/runtime/define.ts";

export default function (RED: NodeAPI): void {
  defineNode(RED, "abiquo-approval", {}, (kit) => {
    const approval = new ApprovalNode(kit);
    // Requests reach people without links too, and votes come back by message.
    if (!serveApprovalPages(RED)) kit.node.warn(kit.text("warning.noNodeRoot"));
    kit.onInput(async (message, send, done) => {
      await approval.take(message, send);
      done();
    });
  });
}
