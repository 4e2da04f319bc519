// A sweep over many tenants: how many requests, how long, and how much memory it takes beside what was there before.
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AbiquoClient, apiBase } from "../../nodes/lib/abiquo/index.ts";
import { systemClock } from "../../nodes/lib/base/clock.ts";
import { Engine } from "../../nodes/lib/engine/index.ts";
import { Candidates } from "../../nodes/lib/engine/sweep/candidates.ts";
import { PacedCalls, REQUESTS_A_SECOND } from "../../nodes/lib/engine/sweep/paced-calls.ts";
import { Sweep } from "../../nodes/lib/engine/sweep/sweep.ts";

const TENANTS = 3_000;
const WAITING = 20_000;
const MEGABYTE = 1024 * 1024;
const SAMPLE_MS = 50;

interface Platform {
  readonly url: string;
  readonly basic: { readonly username: string; readonly password: string };
}

/** Prints the figures of a sweep at its pace, and of one that is held back by nothing. */
export async function benchSweep(): Promise<void> {
  const simulator = fork(new URL("tenants.ts", import.meta.url), [String(TENANTS), String(WAITING)]);
  const [{ url, basic }] = (await once(simulator, "message")) as [Platform];
  const requests = async (): Promise<number> => {
    simulator.send("count");
    const [{ requests: count }] = (await once(simulator, "message")) as [{ requests: number }];
    return count;
  };
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const engine = await Engine.open({ engine: "sqlite", file: join(folder, "ledger.sqlite") }, { settle: 60_000 });
  const client = new AbiquoClient({ base: apiBase(url), apiVersion: "6.1", timeoutMs: 30_000, credentials: { kind: "basic", ...basic } });
  const connection = { id: "config", client, pace: 0 };
  try {
    await fill(engine, connection);
    const table: Record<string, object> = {};
    for (const perSecond of [REQUESTS_A_SECOND, 1_000_000]) {
      const before = await requests();
      const figures = await swept(engine, connection, perSecond);
      table[perSecond === REQUESTS_A_SECOND ? "at its pace" : "without a pace"] = { requests: (await requests()) - before, ...figures };
    }
    console.table(table);
    console.log(`a sweep over ${TENANTS} tenants, where ${WAITING} tasks wait and all are known`);
  } finally {
    await client.close();
    await engine.close();
    simulator.kill();
    rmSync(folder, { recursive: true });
  }
}

/** The ledger knows all that waits. */
async function fill(engine: Engine, connection: { id: string; client: AbiquoClient; pace: number }): Promise<void> {
  for await (const { id } of connection.client.enterprises({ workflow: true })) {
    const pages = connection.client.pendingPages(id);
    while (!pages.isOver) {
      const page = await pages.next();
      if (page.length > 0) await engine.intake.adopt("hook", connection, page);
    }
  }
}

async function swept(engine: Engine, connection: { id: string; client: AbiquoClient }, perSecond: number): Promise<object> {
  const before = process.memoryUsage.rss();
  let peak = before;
  const sampler = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, SAMPLE_MS);
  const { ledger, elsewhere } = engine;
  const start = performance.now();
  const cpu = process.cpuUsage();
  const sweep = new Sweep(
    {
      ledger,
      elsewhere,
      connection,
      calls: new PacedCalls(systemClock, perSecond),
      candidates: new Candidates(systemClock),
      adopt: () => Promise.reject(new Error("All were known")),
      report: (fault) => {
        throw fault;
      },
      goOn: () => Promise.resolve(),
      isOthers: () => false,
    },
    [],
    new Set(),
  );
  await sweep.run(new AbortController().signal);
  clearInterval(sampler);
  const { user, system } = process.cpuUsage(cpu);
  return {
    enterprises: sweep.enterprises,
    seconds: Number(((performance.now() - start) / 1_000).toFixed(1)),
    "cpu s": Number(((user + system) / 1e6).toFixed(1)),
    "memory more, MB": Math.round((peak - before) / MEGABYTE),
    "peak MB": Math.round(peak / MEGABYTE),
  };
}
