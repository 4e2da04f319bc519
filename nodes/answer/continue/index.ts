import type { NodeAPI } from "node-red";
import { defineAnswerNode } from "../answer.ts";

export default function (RED: NodeAPI): void {
  defineAnswerNode(RED, "abiquo-continue", "continue");
}
