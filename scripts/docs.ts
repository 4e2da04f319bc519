// Writes into the documentation what is made from the code.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { evidenceTables } from "../test/harness/api/evidence.ts";

const file = join(import.meta.dirname, "../docs/simulator.md");
const text = readFileSync(file, "utf8");
writeFileSync(
  file,
  text.replace(
    /(<!-- tables: begin -->\n)[\s\S]*(<!-- tables: end -->)/,
    (_, begin: string, end: string) => `${begin}${evidenceTables()}\n${end}`,
  ),
);
