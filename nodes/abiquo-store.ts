import type { Node, NodeAPI } from "node-red";
import { defineNode } from "./lib/runtime/define.ts";

export default function (RED: NodeAPI): void {
  defineNode(RED, "abiquo-store", {}, ({ node, config }) => {
    config.choice("engine", ["sqlite"]);
    (node as Node & { file: string }).file = config.text("file");
  });
}
