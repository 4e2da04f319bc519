import assert from "node:assert/strict";
import fc from "fast-check";
import { compileWildcard, type StepCounter } from "../../../nodes/lib/rules/wildcard.ts";

const LONGEST_PATTERN = 256;

function matches(pattern: string, text: string): boolean {
  return compileWildcard(pattern)(text);
}

/** The same meaning, said by a regular expression. */
function equivalent(pattern: string): RegExp {
  const source = Array.from(pattern.toLowerCase(), (char) =>
    char === "*" ? ".*" : char === "?" ? "." : char.replace(/[\\^$.|+()[\]{}/-]/g, "\\$&"),
  );
  return new RegExp(`^${source.join("")}$`, "su");
}

describe("a wildcard pattern", () => {
  it("matches the whole text, with a star for any run and a question mark for one character", () => {
    assert.ok(matches("web-*", "web-01"));
    assert.ok(matches("web-*", "web-"));
    assert.ok(matches("*-01", "web-01"));
    assert.ok(matches("web-??", "web-01"));
    assert.ok(matches("*", ""));
    assert.ok(!matches("web-??", "web-1"));
    assert.ok(!matches("web", "web-01"));
    assert.ok(!matches("?", ""));
  });

  it("ignores case", () => {
    assert.ok(matches("DOMAIN\\*", "domain\\Ann"));
  });

  it("takes everything but the star and the question mark literally", () => {
    assert.ok(matches("a.c[1]*", "a.c[1](x)"));
    assert.ok(!matches("a.c", "abc"));
  });

  it("counts a surrogate pair as one character", () => {
    assert.ok(matches("?", "😀"));
    assert.ok(matches("*?b", "😀b"));
    assert.ok(!matches("??", "😀"));
  });

  it("agrees with the equivalent regular expression on random patterns and texts", () => {
    const alphabet = fc.constantFrom("a", "b", "A", ".", "\\", "😀", "*", "?");
    const word = fc.string({ unit: alphabet, maxLength: 12 });
    fc.assert(
      fc.property(word, word, (pattern, text) => {
        assert.equal(matches(pattern, text), equivalent(pattern).test(text.toLowerCase()));
      }),
      { numRuns: 10_000 },
    );
  });

  it("matches any text that was made from it", () => {
    const part = fc.string({ unit: fc.constantFrom("a", "b", "-") });
    fc.assert(
      fc.property(fc.array(fc.tuple(part, part), { minLength: 1, maxLength: 8 }), (pieces) => {
        const pattern = pieces.map(([literal]) => literal).join("*");
        const text = pieces.map(([literal, filler], index) => (index + 1 < pieces.length ? literal + filler : literal)).join("");
        assert.ok(matches(pattern, text));
      }),
    );
  });

  it("finishes on 100 kB with steps bounded by the text, whatever the pattern", () => {
    const text = `${"a".repeat(100_000)}c`;
    const patterns = [
      `${"*a".repeat(127)}b`,
      `*${"a".repeat(254)}b`,
      `${"*?a".repeat(85)}b`,
      `*${"?".repeat(254)}b`,
      "a*".repeat(128),
      "*a*b*a*",
    ];
    for (const pattern of patterns) {
      assert.ok(pattern.length <= LONGEST_PATTERN, pattern);
      const counter: StepCounter = { steps: 0 };
      compileWildcard(pattern)(text, counter);
      assert.ok(counter.steps <= (LONGEST_PATTERN + 1) * text.length, `${pattern}: ${counter.steps}`);
    }
  });

  it("takes steps in proportion to 100 kB of text for patterns of any shape", () => {
    const unit = fc.constantFrom("a", "b", "?", "*", "😀");
    const pattern = fc
      .array(fc.tuple(fc.string({ unit, minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 60 })), { minLength: 1, maxLength: 6 })
      .map((pieces) =>
        pieces
          .map(([piece, times]) => piece.repeat(times))
          .join("")
          .slice(0, LONGEST_PATTERN),
      );
    const text = fc
      .tuple(fc.string({ unit: fc.constantFrom("a", "b", "😀"), minLength: 1, maxLength: 8 }), fc.string({ unit, maxLength: 4 }))
      .map(([piece, end]) => piece.repeat(Math.ceil(100_000 / piece.length)) + end);
    fc.assert(
      fc.property(pattern, text, (shape, long) => {
        const counter: StepCounter = { steps: 0 };
        compileWildcard(shape)(long, counter);
        assert.ok(counter.steps <= (LONGEST_PATTERN + 1) * long.length, `${shape}: ${counter.steps}`);
      }),
      { numRuns: 60 },
    );
  }).timeout(60_000);

  it("takes twice the steps on twice the text, not four times", () => {
    const pattern = `*${"a".repeat(200)}b*a?b`;
    const stepsOn = (length: number): number => {
      const counter: StepCounter = { steps: 0 };
      compileWildcard(pattern)("a".repeat(length), counter);
      return counter.steps;
    };
    assert.ok(stepsOn(100_000) <= 2.1 * stepsOn(50_000));
  });
});
