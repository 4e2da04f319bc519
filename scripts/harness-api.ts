import { readFileSync } from "node:fs";
import { join } from "node:path";

const HARNESS = join(import.meta.dirname, "../dist/harness");
/** A file's exports, as `export { type A, B } from "./file.ts"` lists them. */
const LISTED = /^export (type )?\{ ([^}]+) \} from "\.\/([^"]+)\.ts";$/gm;

/**
 * The reference of what the package exports as `./harness`: each declaration with its comments, as the built types say
 * it. What is private is left out.
 */
export function harnessApi(): string {
  const index = readFileSync(join(HARNESS, "index.d.ts"), "utf8");
  const parts = [...index.matchAll(LISTED)].flatMap(([, , names = "", file = ""]) => {
    const text = readFileSync(join(HARNESS, `${file}.d.ts`), "utf8");
    return names.split(", ").map((name) => declarationOf(text, name.replace(/^type /, "")));
  });
  return ["", ...parts.sort(byKind).map(({ name, code }) => `### ${name}\n\n\`\`\`ts\n${code}\n\`\`\`\n`)].join("\n");
}

interface Declaration {
  readonly name: string;
  readonly code: string;
}

/** @throws Error where the types declare no such thing at the start of a line */
function declarationOf(text: string, name: string): Declaration {
  const lines = text.split("\n");
  const start = lines.findIndex((line) =>
    new RegExp(`^export (declare )?(abstract )?(class|interface|type|function|const) ${name}\\b`).test(line),
  );
  if (start < 0) throw new Error(`no declaration of ${name}`);
  const end = lines.findIndex((line, at) => at >= start && (/^[})]/.test(line) || (/;$/.test(line) && !/^ /.test(line))));
  const own = lines.slice(commentStart(lines, start), end + 1);
  const code = own.filter((line) => !/^\s+(private |#private)/.test(line)).join("\n");
  return { name, code: code.replace(/^export (declare )?/m, "").replaceAll("    ", "  ") };
}

function commentStart(lines: readonly string[], declaration: number): number {
  if (!lines[declaration - 1]?.trim().endsWith("*/")) return declaration;
  return lines.findLastIndex((line, at) => at < declaration && line.startsWith("/**"));
}

/** What is called comes first, then what is given and what is got. */
function byKind(a: Declaration, b: Declaration): number {
  const rank = ({ code }: Declaration): number => (/^(async )?function/m.test(code) ? 0 : /^class/m.test(code) ? 1 : 2);
  return rank(a) - rank(b) || (a.name < b.name ? -1 : 1);
}
