import { isAbsolute, join } from "node:path";
import type { Node, NodeAPI } from "node-red";
import { Engine } from "../engine/index.ts";
import { pageTexts } from "./page-texts.ts";

const DEFAULT_FILE = "abiquo-workflow.sqlite";
const DEFAULT_SETTLE_SECONDS = 60;

/** What an abiquo-store says of its ledger. */
export interface StoreSettings {
  /** relative to the user directory; empty = `abiquo-workflow.sqlite` there */
  readonly file: string;
  /** how long settled tasks are kept, in days; 0 = for ever */
  readonly keep: number;
}

export interface StoreNode extends Node {
  store: StoreSettings;
}

export const DEFAULT_STORE: StoreSettings = { file: "", keep: 0 };

interface Shared {
  readonly engine: Promise<Engine>;
  users: number;
}

/** One engine for each ledger of this process, whatever loads this module and however often. */
const engines = new Map<string, Shared>();

export interface EngineUse {
  readonly engine: Promise<Engine>;
  /** The last one to release an engine closes it. */
  release(): Promise<void>;
}

/** The engine on this ledger. Connections that name the same file share it, and the settings of the first. */
export function useEngine(RED: NodeAPI, { file, keep }: StoreSettings): EngineUse {
  const directory = RED.settings.userDir ?? process.cwd();
  const name = file === "" ? DEFAULT_FILE : file;
  const path = isAbsolute(name) || name === ":memory:" ? name : join(directory, name);
  const settings = RED.settings as unknown as { abiquoConfigSettle?: number };
  const settle = (settings.abiquoConfigSettle ?? DEFAULT_SETTLE_SECONDS) * 1000;

  let shared = engines.get(path);
  if (shared === undefined) {
    shared = { engine: Engine.open({ engine: "sqlite", file: path }, { settle, keep, texts: pageTexts }), users: 0 };
    shared.engine.catch(() => undefined);
    engines.set(path, shared);
  }
  const mine = shared;
  mine.users++;
  return {
    engine: mine.engine,
    async release() {
      mine.users--;
      if (mine.users > 0) return;
      engines.delete(path);
      await mine.engine.then(
        (engine) => engine.close(),
        () => undefined,
      );
    },
  };
}

/** The engines that run, for what comes without saying whose it is. */
export async function runningEngines(): Promise<Engine[]> {
  const opened = await Promise.allSettled([...engines.values()].map(({ engine }) => engine));
  return opened.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
}
