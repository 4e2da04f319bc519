import type { NodeAPI } from "node-red";
import { defineNode } from "./lib/runtime/define.ts";
import type { StoreNode } from "./lib/runtime/engines.ts";

export default function (RED: NodeAPI): void {
  defineNode(RED, "abiquo-store", {}, ({ node, config }) => {
    config.choice("engine", ["sqlite"]);
    (node as StoreNode).store = { file: config.text("file"), keep: config.number("keep", 0) };
  });
}
