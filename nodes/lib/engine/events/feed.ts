import { type Clock, sleep } from "../../base/clock.ts";
import { codec } from "../../base/codec.ts";
import { isNumber, isRecord, only } from "../../base/shape.ts";
import { type AuditHead, type Ledger, readEntry } from "../../ledger/index.ts";
import { HeldLease } from "../held-lease.ts";
import { type CloudEvent, type EventKind, eventOf, headEvent } from "./kinds.ts";

/** How often it is looked for news, in ms. */
const INTERVAL = 500;
/** How long until a ledger that cannot be used is used again, in ms. */
const AGAIN = 5_000;
/** For how long one of several instances tells, in ms; it says so again well before that ends. */
const LEASE = 120_000;
const DAY = 24 * 60 * 60_000;

/** Up to where a feed has told the audit. */
interface Cursor {
  readonly seq: number;
  /** when it told the head last, in ms since 1970; 0 = never */
  readonly headAt: number;
}

const keptCursor = codec("setting.events", [], only(isRecord<Cursor>({ seq: isNumber, headAt: isNumber })));

export interface FeedTerms {
  /** whose events these are: what was told in this name is not told again */
  readonly key: string;
  readonly kinds: ReadonlySet<EventKind>;
  /** base URL of the platform whose tasks are told; absent = all */
  readonly api?: string | undefined;
  /** Resolves with true once the flow is done with it; with false when it could not be. */
  emit(event: CloudEvent): Promise<boolean>;
  /** The ledger cannot be used for now. */
  report(problem: unknown): void;
}

/**
 * Tells the audit to others, one event after the other, in order: the next one when the flow is done with the one
 * before. What was told is kept after each, so that a kill repeats the one in flight at the most. A feed that is new
 * begins with what happens from now on.
 */
export class EventFeed {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #terms: FeedTerms;
  readonly #setting: string;
  readonly #lease: HeldLease;
  #text = "";

  constructor(ledger: Ledger, clock: Clock, terms: FeedTerms) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#terms = terms;
    this.#setting = `events ${terms.key}`;
    this.#lease = new HeldLease(ledger, clock, { name: this.#setting, ms: LEASE, least: (LEASE * 3) / 4 });
  }

  /** From here on nothing is missed: a feed that is new begins here. @throws Fault LEDGER_UNAVAILABLE */
  async begin(): Promise<void> {
    await this.#cursor(await this.#ledger.auditHead());
  }

  /** Works until the signal comes. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let pause = INTERVAL;
      try {
        if (await this.#lease.isHeld()) await this.#tellAll(signal);
        else this.#text = "";
      } catch (problem) {
        this.#terms.report(problem);
        this.#text = "";
        pause = AGAIN;
      }
      await sleep(this.#clock, pause, { signal }).catch(() => undefined);
    }
    await this.#lease.release();
  }

  async #tellAll(signal: AbortSignal): Promise<void> {
    const head = await this.#ledger.auditHead();
    let cursor = await this.#cursor(head);
    while (cursor.seq < head.seq) {
      const rows = await this.#ledger.auditRows(cursor.seq);
      if (rows.length === 0) break;
      for (const row of rows) {
        const event = this.#eventIn(head, readEntry(row));
        if (event !== undefined) {
          if (signal.aborted || !(await this.#lease.isHeld()) || !(await this.#terms.emit(event))) return;
          await this.#keep({ ...cursor, seq: row.seq });
        }
        cursor = { ...cursor, seq: row.seq };
      }
      await this.#keep(cursor);
    }
    await this.#tellHead(head, cursor);
  }

  /** Once a day, and when the feed is new. */
  async #tellHead(head: AuditHead, cursor: Cursor): Promise<void> {
    const now = this.#clock.now();
    if (!this.#terms.kinds.has("head") || head.seq === 0 || now - cursor.headAt < DAY) return;
    if (await this.#terms.emit(headEvent(head, now))) await this.#keep({ ...cursor, headAt: now });
  }

  #eventIn({ store }: AuditHead, entry: ReturnType<typeof readEntry>): CloudEvent | undefined {
    const { api } = this.#terms;
    if (entry === undefined || (api !== undefined && entry.task.api !== api)) return undefined;
    return eventOf(store, entry, this.#terms.kinds);
  }

  /** Read once: nobody else writes it while the lease holds. */
  async #cursor({ seq }: AuditHead): Promise<Cursor> {
    if (this.#text === "") this.#text = await this.#ledger.settings.get(this.#setting, keptCursor.write({ seq, headAt: 0 }));
    return keptCursor.read(this.#text);
  }

  async #keep(cursor: Cursor): Promise<void> {
    const text = keptCursor.write(cursor);
    if (text === this.#text) return;
    await this.#ledger.settings.replace(this.#setting, this.#text, text);
    this.#text = text;
  }
}
