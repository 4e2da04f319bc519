/** A map of so many entries at the most: the one that was set longest ago makes room for the next. */
export class BoundedMap<Key, Value> extends Map<Key, Value> {
  readonly #most: number;

  constructor(most: number) {
    super();
    this.#most = most;
  }

  override set(key: Key, value: Value): this {
    this.delete(key);
    super.set(key, value);
    if (this.size > this.#most) for (const oldest of this.keys()) return this.#without(oldest);
    return this;
  }

  #without(key: Key): this {
    this.delete(key);
    return this;
  }
}
