import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { equalJitter, exponential } from "../base/backoff.ts";
import { sleep, systemClock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import { oneInstance } from "./leases.ts";
import { SqlLedger } from "./ledger.ts";
import { requireUpToDate, type Steps, upgrade } from "./migrate.ts";
import type { OpenOptions } from "./open.ts";
import { nameOfPostgres, openPostgres, type PostgresDatabase, type PostgresOptions, postgresTypes } from "./postgres.ts";
import { migrations } from "./steps/index.ts";
import type { LedgerWatch } from "./thread.ts";
import { postgresUpkeep } from "./upkeep.ts";

/** How long an instance may take from the opening of its ledger until it says itself that it is there, in ms. */
const FIRST_PRESENCE = 15_000;

/** How long until a database that could not be reached is tried again. */
const PAUSES = { first: 500, longest: 15_000 };

/**
 * Opens a ledger in a PostgreSQL database, and makes or upgrades its tables unless that is others' to do. It works in
 * the thread that calls it: all that takes long is done by the server, and waiting for that is no work.
 *
 * @throws Fault LEDGER_UNAVAILABLE, LEDGER_NEWER, LEDGER_OLDER as `openSqlLedger`
 */
export async function openPostgresLedger(url: string, options: OpenOptions = {}): Promise<SqlLedger> {
  return (await opened(url, options)).ledger;
}

interface Opened {
  readonly ledger: SqlLedger;
  readonly database: PostgresDatabase;
}

async function opened(url: string, { readOnly = false, beside = readOnly }: OpenOptions, lost?: PostgresOptions["lost"]): Promise<Opened> {
  const instance = randomUUID();
  const name = nameOfPostgres(url);
  const steps = migrations(postgresTypes);
  const database = await openPostgres(url, { readOnly, instance, lost });
  const { db } = database;
  try {
    await (beside ? requireUpToDate(db, steps, name) : upgradeAlone(url, steps, name));
    const ledger = new SqlLedger(db, oneInstance(instance), postgresUpkeep);
    if (!beside) await ledger.stayPresent(FIRST_PRESENCE, true);
    return { ledger, database };
  } catch (error) {
    await db.destroy();
    if (error instanceof Fault) throw error;
    throw new Fault("LEDGER_UNAVAILABLE", { file: name, reason: error instanceof Error ? error.message : String(error) });
  }
}

/** Any number, as long as nobody else in the database uses it. */
const STEPS_LOCK = 823_402_117;

/** Of several instances that start at once, one takes the steps, and the others find them taken. */
async function upgradeAlone(url: string, steps: Steps, name: string): Promise<void> {
  const { db } = await openPostgres(url, { isPatient: true });
  try {
    await db.connection().execute(async (one) => {
      // It ends with the connection, however that ends.
      await sql`select pg_advisory_lock(${sql.lit(STEPS_LOCK)})`.execute(one);
      await upgrade(one, steps, name);
    });
  } finally {
    await db.destroy();
  }
}

/**
 * As `openPostgresLedger`, but one that cannot be opened is tried again, with growing pauses; and whenever its
 * database cannot be reached later on, the watch hears of it once, and again when it can.
 *
 * @param signal ends the trying
 * @throws the reason of the signal
 */
export async function keepPostgresOpen(url: string, watch: LedgerWatch, signal: AbortSignal): Promise<SqlLedger> {
  const outages = new Outages(watch, signal);
  for (let failures = 0; ; failures++) {
    signal.throwIfAborted();
    try {
      const { ledger, database } = await opened(url, {}, (fault) => outages.suspect(fault));
      outages.works();
      outages.probe = () => database.probe();
      return ledger;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      outages.tell(error);
      await sleep(systemClock, equalJitter(exponential(PAUSES, failures)), { signal });
    }
  }
}

/** Knows whether the database can be reached. One lost connection is no outage: that is what the next one shows. */
class Outages {
  /** asks the database; undefined while it is being opened */
  probe: (() => Promise<void>) | undefined;
  readonly #watch: LedgerWatch;
  readonly #signal: AbortSignal;
  #told = "";
  #isProbing = false;

  constructor(watch: LedgerWatch, signal: AbortSignal) {
    this.#watch = watch;
    this.#signal = signal;
  }

  tell(fault: Fault): void {
    if (this.#told === fault.message) return;
    this.#told = fault.message;
    this.#watch.waiting(fault);
  }

  works(): void {
    if (this.#told !== "") this.#watch.works();
    this.#told = "";
  }

  suspect(fault: Fault): void {
    if (this.#isProbing || this.probe === undefined || this.#signal.aborted) return;
    this.#isProbing = true;
    void this.#watchUntilItWorks(this.probe, fault).finally(() => (this.#isProbing = false));
  }

  async #watchUntilItWorks(probe: () => Promise<void>, first: Fault): Promise<void> {
    let fault = first;
    for (let failures = 0; !this.#signal.aborted; failures++) {
      try {
        await probe();
        return this.works();
      } catch (error) {
        if (error instanceof Fault) fault = error;
      }
      this.tell(fault);
      await sleep(systemClock, equalJitter(exponential(PAUSES, failures)), { signal: this.#signal }).catch(() => undefined);
    }
  }
}
