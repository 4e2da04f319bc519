import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MIGRATIONS } from "../../nodes/lib/base/definitions.ts";
import { FLOW } from "../editor/flow.ts";
import { SAMPLES } from "../editor/values.ts";
import { propertiesOf } from "./registered.ts";
import { ROOT } from "./tarball.ts";

/** What the editor chooses by its own lists of configurations, and what one flow cannot vary. */
const CHOSEN_BY_NODE_RED = ["connection", "tls", "proxy", "store"];

describe("Each property of each dialog", () => {
  for (const type of Object.keys(MIGRATIONS)) {
    const names = (): string[] => propertiesOf(type, "en-US").map(({ name }) => name);

    it(`${type}: is among the values that the specs of the editor try`, () => {
      const tried = new Set(SAMPLES.filter((sample) => sample.type === type).flatMap(({ properties }) => Object.keys(properties)));
      const shown = new Set(FLOW.filter((node) => node.type === type).flatMap((node) => Object.keys(node)));
      assert.deepEqual(
        names().filter((name) => !tried.has(name) && !CHOSEN_BY_NODE_RED.includes(name)),
        [],
      );
      // As 0.1.0 wrote it, a node has no version.
      assert.deepEqual(
        names().filter((name) => !shown.has(name) && name !== "version"),
        [],
      );
    });

    for (const language of ["en-US", "es-ES"]) {
      it(`${type}: is in the help of ${language}, as the dialog calls it`, () => {
        const help = plain(readFileSync(join(ROOT, "dist", "locales", language, `${type}.html`), "utf8"));
        const missing = propertiesOf(type, language).filter(({ label }) => label !== undefined && !help.includes(plain(label)));
        assert.deepEqual(
          missing.map(({ name, label }) => `${name}: ${label}`),
          [],
        );
      });
    }

    it(`${type}: has a label, unless it has no field`, () => {
      const properties = propertiesOf(type, "en-US");
      const bare = properties.filter(({ name, label }) => label === undefined && name !== "name" && name !== "version");
      assert.deepEqual(
        bare.filter(({ name }) => !properties.some((typed) => name === `${typed.name}Type`)),
        [],
      );
    });
  }
});

/** Without marks, case, line ends and what a label says in brackets. */
function plain(text: string): string {
  return text
    .replace(/<[^>]+>/g, "")
    .replace(/ \([^)]*\)$/, "")
    .replace(/\s+/g, " ")
    .toLowerCase();
}
