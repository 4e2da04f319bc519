import assert from "node:assert/strict";
import fc from "fast-check";
import { Words } from "../../../nodes/lib/pages/index.ts";
import { HOUR, NOW, wordsIn } from "./support.ts";

const plain = (text: string): string => text.replace(/[\u00a0\u202f]/g, " ");

describe("Words", () => {
  const texts = { greeting: "Hello __name__ and __other__", item_one: "__count__ item", item_other: "__count__ items" };
  const words = new Words({ texts, language: "en-US", timeZone: "UTC" });

  it("fill in what a text names, once, whatever is filled in", () => {
    assert.equal(words.say("greeting", { name: "__other__", other: "$&" }), "Hello __other__ and $&");
  });

  it("keep a name that is not given, and answer with the key where there is no text", () => {
    assert.equal(words.say("greeting", { name: "Ana" }), "Hello Ana and __other__");
    assert.equal(words.say("nothing.here"), "nothing.here");
    assert.equal(words.say("constructor.name"), "constructor.name");
  });

  it("choose the form that goes with a number, by the rules of the language", () => {
    assert.deepEqual(
      [0, 1, 2, 1_000].map((n) => words.count("item", n)),
      ["0 items", "1 item", "2 items", "1,000 items"],
    );
    const spanish = new Words({ texts, language: "es-ES", timeZone: "UTC" });
    assert.equal(spanish.count("item", 1_000_000), "1.000.000 items", "the form `many`, which no text has, falls back to `other`");
  });

  it("tell sizes in the unit that reads best, of 1,024 each", () => {
    const sizes = [512, 1_024, 1_536, 40_960, 1_048_576, 3_145_728].map((mb) => plain(words.size(mb)));
    assert.deepEqual(sizes, ["512 MB", "1 GB", "1.5 GB", "40 GB", "1 TB", "3 TB"]);
    assert.equal(plain(wordsIn("es-ES").size(1_536)), "1,5 GB");
  });

  it("tell a date in the language and the time zone, with the zone, and the instant for programs", () => {
    assert.equal(plain(wordsIn("en-US").date(NOW)), "Mon, Nov 23, 2026, 10:30 AM GMT+1");
    assert.equal(plain(wordsIn("es-ES").date(NOW)), "lun, 23 nov 2026, 10:30 CET");
    assert.match(wordsIn("en-US").time(NOW).markup, /^<time datetime="2026-11-23T09:30:00\.000Z">/);
  });

  it("tell how far away an instant is, never farther than it is", () => {
    const english = wordsIn("en-US");
    assert.deepEqual(
      [3 * 24 * HOUR, 47 * HOUR, 5 * HOUR, 59 * 60_000, -HOUR, -30_000].map((away) => english.distance(NOW + away, NOW)),
      ["in 3 days", "in 1 day", "in 5 hours", "in 59 minutes", "1 hour ago", "now"],
    );
  });

  it("take any key and any parameter without a fault", () => {
    fc.assert(
      fc.property(fc.string(), fc.dictionary(fc.string(), fc.string()), (key, params) => typeof words.say(key, params) === "string"),
    );
  });
});
