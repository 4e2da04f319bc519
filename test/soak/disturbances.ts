import { setTimeout as sleep } from "node:timers/promises";
import type { FaultSpec } from "../harness/index.ts";
import type { Chance } from "./chance.ts";
import type { Site } from "./site.ts";
import type { Webhooks } from "./webhooks.ts";

const MAINTENANCE: FaultSpec = {
  status: 503,
  body: "<html><body>Abiquo is being upgraded</body></html>",
  contentType: "text/html",
};

interface Scene {
  readonly site: Site;
  readonly webhooks: Webhooks;
  readonly chance: Chance;
  readonly round: number;
}

/** What may go wrong, each while webhooks come in. */
const DISTURBANCES = {
  SIGKILL: (scene) => restart(scene, "SIGKILL"),
  SIGTERM: (scene) => restart(scene, "SIGTERM"),
  full: ({ site, round }) => site.deploy(round, "full"),
  flows: ({ site, round }) => site.deploy(round, "flows"),
  nodes: ({ site, round }) => site.deploy(round, "nodes"),
  failing: async ({ site }) => void site.abiquo.inject({ match: { method: "POST" }, status: 503, times: 5 }),
  resets: async ({ site, chance }) =>
    void site.abiquo.inject({ match: { method: "POST" }, reset: true, effect: chance.of(["before", "after"]), times: 5 }),
  slow: async ({ site, chance }) => void site.abiquo.inject({ latencyMs: chance.between(200, 2_000), times: 50 }),
  limited: async ({ site }) => void site.abiquo.inject({ status: 429, retryAfter: "1", times: 10 }),
  maintenance: async ({ site, chance }) => {
    const upgrade = site.abiquo.inject(MAINTENANCE);
    await sleep(chance.between(1_000, 5_000));
    upgrade.remove();
  },
  // A refused sign-in stops the connection until somebody changes it.
  unauthorized: async ({ site, round }) => {
    const refusal = site.abiquo.inject({ match: { method: "POST" }, status: 401 });
    await sleep(1_000);
    refusal.remove();
    await site.deploy(round - (round % 3), "nodes");
    await site.deploy(round - (round % 3) + 3, "nodes");
  },
  lost: async ({ webhooks, chance }) => webhooks.lose(chance.between(1, 10)),
} satisfies Record<string, (scene: Scene) => Promise<void>>;

const OF_DATABASE = {
  "database killed": async ({ site, webhooks, chance }: Scene) => {
    await webhooks.whileDown(async () => {
      site.postgres?.kill();
      await sleep(chance.between(0, 4_000));
      await site.postgres?.start();
      // The pool notices, and the engine opens again.
      await sleep(2_000);
    });
  },
};

export type Disturb = (scene: Scene) => Promise<void>;

/** By name, those that can strike this site. */
export function disturbancesOf(site: Site): ReadonlyMap<string, Disturb> {
  const all: Record<string, Disturb> = site.postgres === undefined ? DISTURBANCES : { ...DISTURBANCES, ...OF_DATABASE };
  return new Map(Object.entries(all));
}

async function restart({ site, webhooks, chance }: Scene, signal: NodeJS.Signals): Promise<void> {
  await webhooks.whileDown(() => site.restart(chance.of(site.instances), signal));
}
