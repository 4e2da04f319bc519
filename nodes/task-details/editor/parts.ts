import { drawBoxes } from "../../lib/editor/boxes.ts";
import type { Say } from "../../lib/editor/texts.ts";
import type texts from "../locales/en-US.json";

/** What can be read of a task, in the order of the boxes. */
export const PARTS = [
  "user",
  "role",
  "enterprise",
  "virtualmachine",
  "disks",
  "volumes",
  "virtualappliance",
  "virtualdatacenter",
  "location",
] as const;

export function drawParts(include: unknown, say: Say<(typeof texts)["abiquo-task-details"]>): () => unknown {
  return drawBoxes("abiquo-details-include", PARTS, include, (part) => say(`part.${part}`));
}
