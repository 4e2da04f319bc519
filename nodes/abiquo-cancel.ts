import type { NodeAPI } from "node-red";
import { defineAnswerNode } from "./lib/runtime/answer.ts";

export default function (RED: NodeAPI): void {
  defineAnswerNode(RED, "abiquo-cancel", "cancel");
}
