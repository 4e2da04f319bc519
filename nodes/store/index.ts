import type { NodeAPI } from "node-red";
import { defineNode } from "../lib/node-red/define.ts";
import type { StoreNode } from "../lib/node-red/engines.ts";

export default function (RED: NodeAPI): void {
  defineNode(RED, "abiquo-store", {}, ({ node, config }) => {
    config.choice("engine", ["sqlite"]);
    (node as StoreNode).store = { file: config.text("file"), keep: config.number("keep", 0) };
  });
}
