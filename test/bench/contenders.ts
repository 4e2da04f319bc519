import { fork } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { type SimulatedAbiquo, startNodeRed } from "../harness/index.ts";
import { DURABLE, PostgresServer } from "../support/postgres.ts";
import { coreFlow, paletteFlow } from "./flows.ts";

/** Something that receives webhooks and answers them. */
export interface Contender {
  readonly hook: string;
  readonly pid: number;
  stop(): Promise<unknown>;
}

const root = dirname(dirname(import.meta.dirname));

export async function startPalette(abiquo: SimulatedAbiquo, storeUrl?: string): Promise<Contender> {
  const nodeRed = await startNodeRed({ ...paletteFlow(abiquo.url, abiquo.credentials.oauth, storeUrl), palette: root });
  return { hook: `${nodeRed.nodeUrl}hook`, pid: nodeRed.pid, stop: () => nodeRed.stop() };
}

/** The same flow with its store in a PostgreSQL that syncs each commit. */
export async function startOnPostgres(abiquo: SimulatedAbiquo): Promise<Contender> {
  const server = await PostgresServer.start(DURABLE);
  const palette = await startPalette(abiquo, await server.database());
  const stop = async (): Promise<void> => {
    await palette.stop();
    await server.stop();
  };
  return { ...palette, stop };
}

export async function startCoreNodes(abiquo: SimulatedAbiquo): Promise<Contender> {
  const nodeRed = await startNodeRed({
    flows: coreFlow(abiquo.url, abiquo.credentials.oauth),
    settings: { functionExternalModules: true },
  });
  return { hook: `${nodeRed.nodeUrl}hook`, pid: nodeRed.pid, stop: () => nodeRed.stop() };
}

export async function startBareConnector(abiquo: SimulatedAbiquo): Promise<Contender> {
  const { oauth } = abiquo.credentials;
  const child = fork(join(import.meta.dirname, "bare-connector.ts"), [JSON.stringify({ apiUrl: abiquo.url, ...oauth })], {
    execArgv: ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON"],
  });
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  const stop = async (): Promise<void> => {
    child.kill();
    await once(child, "exit");
  };
  return { hook: `http://127.0.0.1:${port}/hook`, pid: child.pid ?? 0, stop };
}
