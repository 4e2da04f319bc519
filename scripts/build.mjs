// Builds dist/ from nodes/ (palette) and test/harness (simulator), flat as Node-RED reads it: what is nodes/approval/ here
// is abiquo-approval.{js,html} and locales/<language>/abiquo-approval.{json,html} there. `--if-stale` builds only what changed
// sources would make different.
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { setTimeout as passed } from "node:timers/promises";
import { buildSync } from "esbuild";
import { isFresh, STAMP, sourcesNow } from "./fresh.mjs";
import { LEAN, makeLean } from "./lean.mjs";

process.chdir(dirname(import.meta.dirname));

/** Made here and moved into place whole: a build that fails leaves the last one, and who runs meanwhile hardly notices. */
const NEXT = "dist.next";
const LOCK = "dist.lock";

await lock();
if (process.argv.includes("--if-stale") && isFresh()) process.exit();
const stamp = sourcesNow();
rmSync(NEXT, { recursive: true, force: true });

const typescript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
await Promise.all([compiled("tsconfig.json", NEXT), compiled("test/harness/tsconfig.json", join(NEXT, "harness"))]);
copyFileSync("nodes/lib/base/place.cjs", join(NEXT, "lib", "base", "place.cjs"));

/** The folders of nodes, by the name of the node: continue and cancel share one. */
const folders = readdirSync("nodes", { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name === "index.ts" && /^nodes.(?!lib\b)/.test(entry.parentPath))
  .map(({ parentPath }) => parentPath.replaceAll("\\", "/"));

for (const folder of folders) {
  const name = `abiquo-${folder.split("/").at(-1)}`;
  writeFileSync(join(NEXT, `${name}.js`), `"use strict";\nmodule.exports = require("./${folder.slice("nodes/".length)}/index.js");\n`);
  writeFileSync(join(NEXT, `${name}.html`), editorOf(folder, name));
  for (const file of readdirSync(join(folder, "locales"))) {
    const [language, extension] = file.split(".");
    mkdirSync(join(NEXT, "locales", language), { recursive: true });
    const path = join(NEXT, "locales", language, `${name}.${extension}`);
    const text = readFileSync(join(folder, "locales", file), "utf8");
    writeFileSync(path, extension === "html" ? withoutIndents(text) : text);
  }
}
for (const language of readdirSync(join(NEXT, "locales"))) addSharedTexts(language);

// Maps lead into what the compiler wrote.
if (!process.argv.includes("--maps")) makeLean(NEXT, join(NEXT, "harness", "index.d.ts"));
const { rulesSchema } = createRequire(import.meta.url)(join(process.cwd(), NEXT, "lib", "rules", "schema.js"));
writeFileSync(join(NEXT, "lib", "rules", "rules.schema.json"), `${JSON.stringify(rulesSchema, null, 2)}\n`);
cpSync("icons", join(NEXT, "icons"), { recursive: true });
writeFileSync(join(NEXT, STAMP), stamp);
rmSync("dist", { recursive: true, force: true });
renameSync(NEXT, "dist");

/** Node-RED reads the texts of nodes alone: what all dialogs say goes to the node that every other needs. */
function addSharedTexts(language) {
  const path = join(NEXT, "locales", language, "abiquo-config.json");
  const { "abiquo-config": own } = JSON.parse(readFileSync(path, "utf8"));
  const shared = JSON.parse(readFileSync(join("nodes", "lib", "editor", "locales", `${language}.json`), "utf8"));
  writeFileSync(path, JSON.stringify({ "abiquo-config": { ...own, ...shared } }));
}

async function compiled(project, outDir) {
  // Maps lead from what ran to its source, for the coverage alone.
  const maps = process.argv.includes("--maps") ? ["--sourceMap"] : [];
  const args = [join(typescript, "bin", "tsc"), "-p", project, "--outDir", outDir, ...maps];
  const [code] = await once(spawn(process.execPath, args, { stdio: "inherit" }), "exit");
  if (code !== 0) process.exit(1);
}

/** One build at a time, where several runs of specs find it stale. A lock whose process has ended counts for nothing. */
async function lock() {
  for (;;) {
    try {
      const file = openSync(LOCK, "wx");
      writeSync(file, String(process.pid));
      closeSync(file);
      process.once("exit", () => rmSync(LOCK, { force: true }));
      return;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    if (isAbandoned()) rmSync(LOCK, { force: true });
    else await passed(50);
  }
}

function isAbandoned() {
  try {
    const pid = Number(readFileSync(LOCK, "utf8"));
    // Between its making and the writing of its number it is empty, for an instant.
    if (pid === 0) return Date.now() - statSync(LOCK).mtimeMs > 5_000;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

/** What the editor loads of a node: its dialog, and its script with all that it imports. */
function editorOf(folder, name) {
  // The dialogs of one folder may be one form.
  const own = join(folder, "editor.html");
  const html = readFileSync(existsSync(own) ? own : join(dirname(folder), "dialog.html"), "utf8")
    .replaceAll("{{name and connection}}\n", readFileSync("nodes/lib/editor/name-and-connection.html", "utf8"))
    .replaceAll("{{type}}", name);
  // Loaded once, with the node that every other needs.
  const style = name === "abiquo-config" ? `<style>\n${readFileSync("nodes/lib/editor/style.css", "utf8")}</style>\n\n` : "";
  const entry = join(folder, "editor.ts");
  if (!existsSync(entry)) return withoutIndents(style + html);
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "iife",
    // The newest that the Flow Library's scorecard parses.
    target: "es2020",
    ...LEAN,
    // Every editor loads all of it at each start, and Node-RED logs no stack of a dialog.
    minifyIdentifiers: true,
    // The editor brings its own.
    alias: { jsonata: "./nodes/lib/editor/jsonata.ts" },
  });
  const script = outputFiles[0].text.replaceAll("</script", "<\\/script").trim();
  return `${withoutIndents(style + html).trimEnd()}\n\n<script type="text/javascript">\n${script}\n</script>\n`;
}

/** A line that begins with blanks means the same in HTML and CSS as one that does not. */
function withoutIndents(text) {
  return text.replace(/^[ \t]+/gm, "");
}
