import type { Kysely, PostgresPool, PostgresPoolClient } from "kysely";
import { type ClientBase, Pool, type PoolClient, type PoolConfig, type PoolOptions, types } from "pg";
import { BoundedMap } from "../base/bounded-map.ts";
import { Fault } from "../base/fault.ts";
import { isClash, stateOf } from "./clash.ts";
import type { LedgerSchema } from "./schema.ts";
import type { EngineTypes } from "./steps/index.ts";

export const postgresTypes: EngineTypes = { serial: "bigserial", long: "bigint" };

/** One commits, some read beside it: more would only wait for each other on the server. */
const CONNECTIONS = 8;
/** How long a connection may take to be there, in ms: a webhook waits as long. */
const CONNECT_TIMEOUT = 5_000;
/** How long the server works on one statement, in ms. */
const STATEMENT_TIMEOUT = 30_000;
/** How long an answer may take, in ms: longer than a statement may, so that only a dead connection is given up. */
const ANSWER_TIMEOUT = STATEMENT_TIMEOUT + 5_000;
/** How many statements a connection keeps prepared; multi-row statements come in many lengths. */
const STATEMENTS_KEPT = 400;
const LONGEST_PREPARED = 2_000;
/** Nothing is gained by preparing these. */
const CONTROL = new Set(["begin", "commit", "rollback"]);

const INT8 = 20;

/** A database as this process knows it. */
export interface PostgresDatabase {
  readonly db: Kysely<LedgerSchema>;
  /** Asks the server whether it works. @throws Fault LEDGER_UNAVAILABLE */
  probe(): Promise<void>;
}

export interface PostgresOptions {
  readonly readOnly?: boolean;
  /** whether a statement may take as long as it takes, as a step of the schema may */
  readonly isPatient?: boolean;
  /** whose work is what these connections write; nobody's unless told */
  readonly instance?: string;
  /** hears of each connection that was lost, or could not be made */
  readonly lost?: ((fault: Fault) => void) | undefined;
}

/** What people call a database: its URL without user, password and parameters. */
export function nameOfPostgres(url: string): string {
  try {
    const { hostname, port, pathname } = new URL(url);
    return `postgresql://${hostname}${port === "" ? "" : `:${port}`}${pathname}`;
  } catch {
    return "postgresql://";
  }
}

/**
 * A pool of connections for Kysely. Nothing is connected yet.
 *
 * @param url of the database; its `sslmode` means what it means to libpq
 *   (https://www.postgresql.org/docs/current/libpq-ssl.html), but without one there is no TLS
 * @throws Fault LEDGER_UNAVAILABLE when it is no URL of a database
 */
export async function openPostgres(
  url: string,
  { readOnly = false, isPatient = false, instance = "", lost = () => undefined }: PostgresOptions = {},
): Promise<PostgresDatabase> {
  const { Kysely, PostgresAdapter, PostgresDialect } = await import("kysely");
  const faults = faultsOf(url);
  let pool: Pool;
  try {
    pool = new Pool({ ...configOf(url, readOnly, isPatient), onConnect: (client) => introduce(client, instance) });
  } catch (error) {
    throw faults.unavailable(error);
  }
  // Of one that breaks while nobody uses it: unheard it would end the process.
  pool.on("error", (error) => lost(faults.unavailable(error)));
  // Kysely's own lock begins after the first tables are made, and ends before the commit.
  class Unlocked extends PostgresAdapter {
    override async acquireMigrationLock(): Promise<void> {}
    override async releaseMigrationLock(): Promise<void> {}
  }
  const dialect = new PostgresDialect({ pool: new GuardedPool(pool, faults, lost) });
  dialect.createAdapter = () => new Unlocked();
  return {
    db: new Kysely<LedgerSchema>({ dialect }),
    async probe() {
      try {
        await pool.query("select 1");
      } catch (error) {
        throw faults.unavailable(error);
      }
    },
  };
}

/** The default of the column `holder` asks for it, so that no statement has to say whose work a row is. */
async function introduce(client: ClientBase, instance: string): Promise<void> {
  await client.query("select set_config('abiquo.instance', $1, false)", [instance]);
}

function configOf(url: string, readOnly: boolean, isPatient: boolean): PoolConfig {
  const address = new URL(url);
  if (!/^postgres(?:ql)?:$/.test(address.protocol)) throw new Error("not a postgresql:// URL");
  // What `require` means to every other client of PostgreSQL it means here as well.
  if (address.searchParams.has("sslmode")) address.searchParams.set("uselibpqcompat", "true");
  if (readOnly) address.searchParams.set("options", "-c default_transaction_read_only=on");
  return {
    connectionString: address.href,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    ...(isPatient ? {} : { statement_timeout: STATEMENT_TIMEOUT, query_timeout: ANSWER_TIMEOUT }),
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    // What waits for an answer keeps the process alive, an idle ledger does not.
    allowExitOnIdle: true,
    application_name: "abiquo-workflow",
    types: {
      getTypeParser: ((oid: number, format?: "text" | "binary") =>
        oid === INT8 ? Number : types.getTypeParser(oid, format as "text")) as typeof types.getTypeParser,
    },
  };
}

interface Faults {
  unavailable(error: unknown): Fault;
  /** What an error means to who runs this; undefined when a statement of ours is to blame, or is to be repeated. */
  of(error: unknown, sql: string): Fault | undefined;
}

function faultsOf(url: string): Faults {
  const file = nameOfPostgres(url);
  const secrets = secretsIn(url);
  const reasonOf = (error: unknown): string => {
    const text = error instanceof Error ? messageOf(error) : String(error);
    return secrets.reduce((left, secret) => left.replaceAll(secret, "***"), text);
  };
  // Without its cause, which may tell the secrets of the URL.
  const fault = (code: "LEDGER_UNAVAILABLE" | "LEDGER_UNSURE", error: unknown): Fault => new Fault(code, { file, reason: reasonOf(error) });
  const unavailable = (error: unknown): Fault => fault("LEDGER_UNAVAILABLE", error);
  return {
    unavailable,
    of(error, sql) {
      if (error instanceof Fault) return error;
      if (!isTheServers(error)) return undefined;
      // Whether it was committed is not known, unless the server says so.
      return sql === "commit" ? fault("LEDGER_UNSURE", error) : unavailable(error);
    },
  };
}

/** Several addresses may have been tried, each with an error of its own. */
function messageOf(error: Error): string {
  const inner =
    error instanceof AggregateError ? error.errors.map((one) => (one instanceof Error ? one.message : String(one))).join("; ") : "";
  return error.message || inner || error.name;
}

function secretsIn(url: string): string[] {
  try {
    const { password, searchParams } = new URL(url);
    const given = [password, searchParams.get("password") ?? ""].filter((secret) => secret !== "");
    return [...new Set(given.flatMap((secret) => [secret, decoded(secret)]))];
  } catch {
    return url === "" ? [] : [url];
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Features, cardinality, data, constraints, names and syntax: a statement of ours is wrong. */
const OURS = /^(?:0A|21|22|23|42(?!501))/;
/** Connection, sign-in, no such database, read-only, no room for connections, shut down, system error. */
const NO_SERVER = /^(?:08|28|3D|25006|533|57P|58)/;

function isTheServers(error: unknown): boolean {
  const state = stateOf(error);
  return state === undefined || !(OURS.test(state) || isClash(error));
}

function isLost(error: unknown): boolean {
  const state = stateOf(error);
  return state === undefined || NO_SERVER.test(state);
}

/** A pool whose errors are faults, and that keeps no connection which was lost. */
class GuardedPool implements PostgresPool {
  /** for connections of Kysely's own, which it makes only to cancel a query */
  readonly options: PoolOptions;
  readonly #pool: Pool;
  readonly #faults: Faults;
  readonly #lost: (fault: Fault) => void;
  readonly #names = new BoundedMap<string, string>(STATEMENTS_KEPT);
  #count = 0;

  constructor(pool: Pool, faults: Faults, lost: (fault: Fault) => void) {
    this.options = pool.options;
    this.#pool = pool;
    this.#faults = faults;
    this.#lost = lost;
  }

  async connect(): Promise<PostgresPoolClient> {
    try {
      return this.#guarded(await this.#pool.connect());
    } catch (error) {
      const fault = this.#faults.unavailable(error);
      this.#lost(fault);
      throw fault;
    }
  }

  end(): Promise<void> {
    return this.#pool.end();
  }

  #guarded(client: PoolClient): PostgresPoolClient {
    let isBroken = false;
    // The query that is under way tells of it.
    const broke = (): void => void (isBroken = true);
    client.on("error", broke);
    const query = async (sql: string, parameters: readonly unknown[]): Promise<unknown> => {
      // The server has rolled back what a lost connection was at; that it cannot be asked to must not hide why.
      if (isBroken && sql === "rollback") return { command: "ROLLBACK", rowCount: null, rows: [] };
      try {
        return await client.query({ name: this.#nameOf(sql), text: sql, values: parameters.map(kept) });
      } catch (error) {
        const fault = this.#faults.of(error, sql);
        if (fault !== undefined && isLost(error)) {
          isBroken = true;
          this.#lost(fault);
        }
        throw fault ?? error;
      }
    };
    const release = (): void => {
      client.off("error", broke);
      client.release(isBroken);
    };
    // Cursors, the other form of a query, need an option that is not given.
    return { query: query as PostgresPoolClient["query"], release };
  }

  /** The same for every connection: each prepares a statement when it first uses it. */
  #nameOf(sql: string): string | undefined {
    if (sql.length > LONGEST_PREPARED || CONTROL.has(sql)) return undefined;
    const known = this.#names.get(sql);
    if (known !== undefined) return known;
    if (this.#count >= STATEMENTS_KEPT) return undefined;
    const name = `s${++this.#count}`;
    this.#names.set(sql, name);
    return name;
  }
}

/** PostgreSQL has no place for the character 0 in a text (https://www.postgresql.org/docs/current/datatype-character.html). */
function kept(value: unknown): unknown {
  return typeof value === "string" && value.includes("\0") ? value.replaceAll("\0", "\uFFFD") : value;
}
