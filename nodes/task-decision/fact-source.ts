import { DETAIL_PARTS } from "../lib/abiquo/index.ts";
import type { Fault } from "../lib/base/fault.ts";
import { type MessageDetails, TOTAL_NAMES } from "../lib/node-red/details.ts";
import type { FactSource, RuleSubject } from "../lib/rules/index.ts";

/**
 * Puts the details and totals that rules ask for into their subject. Rejects as `MessageDetails.add`.
 *
 * @param first place of the subject's first task among those of `known`
 */
export function factSource(known: MessageDetails, { tasks, group }: Pick<RuleSubject, "tasks" | "group">, first = 0): FactSource {
  return {
    async load(field, task) {
      const [root, name] = field.split(".");
      if (root === "group") {
        const totals = TOTAL_NAMES.filter((total) => (name === undefined ? known.group[total] === undefined : name === total));
        const fault = await firstFault(totals.map((total) => known.addTotal(total)));
        Object.assign(group, known.group);
        return fault;
      }
      if (root !== "details" || task === undefined) return undefined;
      const index = first + task;
      const parts = DETAIL_PARTS.filter((part) => (name === undefined ? known.details[index]?.[part] === undefined : name === part));
      const fault = await firstFault(parts.map((part) => known.add(index, part)));
      const details = known.details[index];
      if (details !== undefined) Object.assign(tasks[task] as object, { details });
      return fault;
    },
  };
}

async function firstFault(asked: readonly Promise<Fault | undefined>[]): Promise<Fault | undefined> {
  return (await Promise.all(asked)).find((fault) => fault !== undefined);
}
