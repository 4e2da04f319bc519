import { setTimeout as sleep } from "node:timers/promises";
import type { Site } from "./site.ts";
import type { Wanted, Webhooks } from "./webhooks.ts";

/** Longer than any pause between two tries, in ms. */
const LONGEST_CALM = 150_000;
/** A sweep adopts what is older than two minutes and was seen by the one before, in ms; with room for a restart. */
const LONGEST_ADOPTION = 240_000;

/**
 * Waits until all is calm, or has had the time to be, and tells what is wrong then.
 *
 * @param isEnd whether tasks that a sweep has yet to find are waited for
 */
export async function verdict(site: Site, webhooks: Webhooks, isEnd: boolean): Promise<string[]> {
  const isDue = (id: string, { at }: Wanted): boolean => webhooks.taken.has(id) || isEnd || Date.now() - at > LONGEST_ADOPTION;
  const late = (): string[] => [...webhooks.wanted].filter(([id, wanted]) => isDue(id, wanted) && webhooks.isWaiting(id)).map(([id]) => id);
  const end = Date.now() + (isEnd ? LONGEST_ADOPTION : LONGEST_CALM);
  while (late().length > 0 && Date.now() < end) await sleep(100);
  // What Abiquo has must be what the store has, once its last report is written and a sweep has seen the rest.
  let open = await openAndSettled(site, webhooks);
  while (open.length > 0 && Date.now() < end) {
    await sleep(500);
    open = await openAndSettled(site, webhooks);
  }
  return [
    ...late().map((id) => `lost: ${id}, to be ${webhooks.wanted.get(id)?.action}`),
    ...open.map((what) => `differs from Abiquo: ${what}`),
    ...wrongAnswers(site, webhooks),
    ...webhooks.unexplained.map((what) => `refused without a reason: ${what}`),
  ];
}

async function openAndSettled(site: Site, webhooks: Webhooks): Promise<string[]> {
  const open = await site.open();
  return open.filter(({ task }) => !webhooks.isWaiting(task.taskId)).map(({ task }) => `${task.taskId} is ${task.stage}`);
}

function wrongAnswers({ abiquo }: Site, { wanted }: Webhooks): string[] {
  const faults: string[] = [];
  for (const [id, all] of Map.groupBy(abiquo.answers, ({ taskId }) => taskId)) {
    const action = wanted.get(id)?.action;
    const told = JSON.stringify(all);
    if (new Set(all.map((answer) => answer.action)).size > 1) faults.push(`answered both ways: ${id} ${told}`);
    else if (action !== "either" && all.some((answer) => answer.action !== action)) faults.push(`answered wrongly: ${id} ${told}`);
    if (all.filter(({ applied }) => applied).length > 1) faults.push(`answered twice: ${id} ${told}`);
  }
  return faults;
}
