import type { Node, NodeAPI } from "node-red";
import { Fault } from "../lib/base/fault.ts";
import { adminAction } from "../lib/node-red/admin.ts";
import { defineNode } from "../lib/node-red/define.ts";
import { ApprovalNode } from "./approval-node.ts";
import { serveApprovalPages } from "./routes.ts";
import { APPROVAL_WORDS } from "./words.ts";

const TYPE = "abiquo-approval";

type WithApproval = Node & { approval?: ApprovalNode };

export default function (RED: NodeAPI): void {
  defineNode(RED, TYPE, { words: APPROVAL_WORDS }, (kit) => {
    const approval = new ApprovalNode(kit);
    (kit.node as WithApproval).approval = approval;
    // Requests reach people without links too, and votes come back by message.
    if (!serveApprovalPages(RED)) kit.node.warn(kit.text("warning.noNodeRoot"));
    kit.onInput(async (message, send, done) => {
      await approval.take(message, send);
      done();
    });
  });

  adminAction(RED, `/${TYPE}/:id/inbox`, `${TYPE}.approve`, async ({ id = "" }, _body, user) => {
    const { approval } = (RED.nodes.getNode(id) ?? {}) as WithApproval;
    if (approval === undefined) throw new Fault("NODE_NOT_DEPLOYED");
    return { ok: true, url: await approval.inboxOf(user) };
  });
}
