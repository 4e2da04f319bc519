import type { Clock } from "./clock.ts";

/** Reading takes no more than a fiftieth of the time, however often it is asked for. */
const PAUSE = 50;

/**
 * Something that costs to read, and may be a little old: who asks too soon gets the last result, and those who ask
 * together share one reading.
 */
export class Spared<Value> {
  readonly #read: () => Promise<Value>;
  readonly #clock: Clock;
  readonly #least: number;
  #last: { readonly value: Value; readonly until: number } | undefined;
  #reading: Promise<Value> | undefined;

  /** @param least how old the last result may be in any case, in ms */
  constructor(read: () => Promise<Value>, clock: Clock, least: number) {
    this.#read = read;
    this.#clock = clock;
    this.#least = least;
  }

  /** The last result, however old. */
  get last(): Value | undefined {
    return this.#last?.value;
  }

  /** @throws what reading throws; it is read again at the next call then */
  async get(): Promise<Value> {
    if (this.#last !== undefined && this.#clock.monotonic() < this.#last.until) return this.#last.value;
    this.#reading ??= this.#again().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #again(): Promise<Value> {
    const began = this.#clock.monotonic();
    const value = await this.#read();
    const now = this.#clock.monotonic();
    this.#last = { value, until: now + Math.max(this.#least, (now - began) * PAUSE) };
    return value;
  }
}
