/*
 * A regular expression that backtracks blocks the whole process, and no time box can stop it. So its worst
 * case is bounded before it runs: `coefficient * length ^ degree` bounds the ways to match a text from one
 * position. Patterns that cannot be bounded in this way are refused, and the others get the length of text
 * that keeps them within the budget.
 */

interface Ways {
  coefficient: number;
  degree: number;
}

const BUDGET = 2e7;
const LONGEST_TEXT = 100_000;
/** A pattern that affords less text than this is of no use on names and addresses. */
const SHORTEST_TEXT = 16;
const ONE: Ways = { coefficient: 1, degree: 0 };

class Unbounded extends Error {}

/** The longest text, in UTF-16 units, that the pattern may be run on; undefined when it must not be run at all. */
export function affordableTextLength(pattern: RegExp): number | undefined {
  let ways: Ways;
  try {
    ways = new Bound(pattern.source).whole();
  } catch (error) {
    if (error instanceof Unbounded) return undefined;
    throw error;
  }
  // Only a pattern bound to the start of the text spares the attempts from every other position.
  const anchored = pattern.source.startsWith("^") && !pattern.multiline && !pattern.source.includes("|");
  const exponent = ways.degree + (anchored ? 0 : 1);
  const length = exponent === 0 ? LONGEST_TEXT : Math.floor((BUDGET / ways.coefficient) ** (1 / exponent));
  return length < SHORTEST_TEXT ? undefined : Math.min(length, LONGEST_TEXT);
}

class Bound {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  whole(): Ways {
    const ways = this.#alternatives();
    if (this.#at < this.#source.length) throw new Unbounded();
    return ways;
  }

  #alternatives(): Ways {
    let { coefficient, degree } = this.#sequence();
    while (this.#take("|")) {
      const other = this.#sequence();
      coefficient += other.coefficient;
      degree = Math.max(degree, other.degree);
    }
    return { coefficient, degree };
  }

  #sequence(): Ways {
    let { coefficient, degree } = ONE;
    while (this.#at < this.#source.length && !"|)".includes(this.#source.charAt(this.#at))) {
      const part = this.#quantified(this.#atom());
      coefficient *= part.coefficient;
      degree += part.degree;
    }
    return { coefficient, degree };
  }

  #atom(): Ways {
    const char = this.#source.charAt(this.#at++);
    if (char === "[") {
      while (this.#at < this.#source.length && !this.#take("]")) this.#at += this.#source.charAt(this.#at) === "\\" ? 2 : 1;
      return ONE;
    }
    if (char === "\\") {
      const escaped = this.#source.charAt(this.#at++);
      // A back reference matches text of unknown length.
      if (/[1-9k]/.test(escaped)) throw new Unbounded();
      return ONE;
    }
    if (char !== "(") return ONE;
    if (this.#take("?") && !this.#take(":") && !/^<[^=!]*>$/.test(this.#upTo(">"))) throw new Unbounded();
    const ways = this.#alternatives();
    if (!this.#take(")")) throw new Unbounded();
    return ways;
  }

  /** Skips a group's name. */
  #upTo(end: string): string {
    const found = this.#source.indexOf(end, this.#at);
    const text = found < 0 ? "" : this.#source.slice(this.#at, found + 1);
    this.#at += text.length;
    return text;
  }

  #quantified(atom: Ways): Ways {
    const [least, most] = this.#quantifier();
    const single = atom.coefficient === 1 && atom.degree === 0;
    if (least === 1 && most === 1) return atom;
    if (least === 0 && most === 1) return { coefficient: atom.coefficient + 1, degree: atom.degree };
    // Choices repeated multiply with every turn: (a+)+, (a|a)*, (a?){30}.
    if (!single) throw new Unbounded();
    if (most === Infinity) return { coefficient: 1, degree: 1 };
    return { coefficient: most - least + 1, degree: 0 };
  }

  #quantifier(): readonly [number, number] {
    const found = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(this.#source.slice(this.#at, this.#at + 40));
    if (found === null) return [1, 1];
    this.#at += found[0].length;
    if (found[1] !== undefined) return found[1] === "?" ? [0, 1] : [0, Infinity];
    const least = Number(found[2]);
    if (found[3] === "") return [least, least];
    return [least, found[4] === "" ? Infinity : Number(found[4])];
  }

  #take(char: string): boolean {
    if (this.#source.charAt(this.#at) !== char || char === "") return false;
    this.#at += 1;
    return true;
  }
}
