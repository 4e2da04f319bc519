/**
 * How many answers to one virtual datacenter are on their way at once: each makes Abiquo work on a machine there, and
 * hundreds at once hurt it.
 */
const MOST = 4;

/** Counts what is in flight in each virtual datacenter of a platform, whichever connection it leaves by. */
export class Bulkhead {
  readonly #inFlight = new Map<string, number>();

  isFull(datacenter: string): boolean {
    return (this.#inFlight.get(datacenter) ?? 0) >= MOST;
  }

  begin(datacenter: string): void {
    this.#inFlight.set(datacenter, (this.#inFlight.get(datacenter) ?? 0) + 1);
  }

  end(datacenter: string): void {
    const left = (this.#inFlight.get(datacenter) ?? 0) - 1;
    if (left > 0) this.#inFlight.set(datacenter, left);
    else this.#inFlight.delete(datacenter);
  }
}
