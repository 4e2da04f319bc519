// Writes into the documentation what is made from the code.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { evidenceTables } from "../test/harness/api/evidence.ts";
import { harnessApi } from "./harness-api.ts";

const DOCS = join(import.meta.dirname, "../docs");

/** Puts a text between the marks of this name, which stay. */
function write(file: string, mark: string, made: string): void {
  const path = join(DOCS, file);
  const marks = new RegExp(`(<!-- ${mark}: begin -->\\n)[\\s\\S]*(<!-- ${mark}: end -->)`);
  const text = readFileSync(path, "utf8");
  if (!marks.test(text)) throw new Error(`${file} has no marks for ${mark}`);
  writeFileSync(
    path,
    text.replace(marks, (_, begin: string, end: string) => `${begin}${made}\n${end}`),
  );
}

write("simulator.md", "tables", evidenceTables());
write("harness.md", "api", harnessApi());
