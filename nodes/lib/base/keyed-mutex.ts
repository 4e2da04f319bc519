/** Lets work on the same thing wait for each other, and work on different things not. */
export class KeyedMutex {
  readonly #last = new Map<string, Promise<unknown>>();

  run<T>(id: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(id) ?? Promise.resolve();
    const mine = before.then(work, work);
    const end = mine.then(
      () => undefined,
      () => undefined,
    );
    this.#last.set(id, end);
    void end.then(() => {
      if (this.#last.get(id) === end) this.#last.delete(id);
    });
    return mine;
  }
}
