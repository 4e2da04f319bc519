// Builds dist/ from nodes/ (palette) and test/harness (simulator), flat as Node-RED reads it: what is nodes/approval/ here
// is abiquo-approval.{js,html} and locales/<language>/abiquo-approval.{json,html} there.
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { buildSync } from "esbuild";

process.chdir(dirname(import.meta.dirname));
rmSync("dist", { recursive: true, force: true });

const typescript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
for (const project of ["tsconfig.json", "test/harness/tsconfig.json"]) {
  execFileSync(process.execPath, [join(typescript, "bin", "tsc"), "-p", project], { stdio: "inherit" });
}
copyFileSync("nodes/lib/base/place.cjs", "dist/lib/base/place.cjs");

/** The folders of nodes, by the name of the node: continue and cancel share one. */
const folders = readdirSync("nodes", { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name === "index.ts" && /^nodes.(?!lib\b)/.test(entry.parentPath))
  .map(({ parentPath }) => parentPath.replaceAll("\\", "/"));

for (const folder of folders) {
  const name = `abiquo-${folder.split("/").at(-1)}`;
  writeFileSync(join("dist", `${name}.js`), `"use strict";\nmodule.exports = require("./${folder.slice("nodes/".length)}/index.js");\n`);
  writeFileSync(join("dist", `${name}.html`), editorOf(folder, name));
  for (const file of readdirSync(join(folder, "locales"))) {
    const [language, extension] = file.split(".");
    mkdirSync(join("dist", "locales", language), { recursive: true });
    copyFileSync(join(folder, "locales", file), join("dist", "locales", language, `${name}.${extension}`));
  }
}

/** What the editor loads of a node: its dialog, and its script with all that it imports. */
function editorOf(folder, name) {
  // The dialogs of one folder may be one form.
  const own = join(folder, "editor.html");
  const html = readFileSync(existsSync(own) ? own : join(dirname(folder), "dialog.html"), "utf8").replaceAll("{{type}}", name);
  // Loaded once, with the node that every other needs.
  const style = name === "abiquo-config" ? `<style>\n${readFileSync("nodes/lib/editor/style.css", "utf8")}</style>\n\n` : "";
  const entry = join(folder, "editor.ts");
  if (!existsSync(entry)) return style + html;
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "iife",
    // The newest that the Flow Library's scorecard parses.
    target: "es2020",
    charset: "utf8",
    minifyWhitespace: true,
    legalComments: "none",
    // The editor brings its own.
    alias: { jsonata: "./nodes/lib/editor/jsonata.ts" },
  });
  const script = outputFiles[0].text.replaceAll("</script", "<\\/script").trim();
  return `${style}${html.trimEnd()}\n\n<script type="text/javascript">\n${script}\n</script>\n`;
}

const { rulesSchema } = createRequire(import.meta.url)(join(process.cwd(), "dist", "lib", "rules", "schema.js"));
writeFileSync(join("dist", "lib", "rules", "rules.schema.json"), `${JSON.stringify(rulesSchema, null, 2)}\n`);
cpSync("icons", "dist/icons", { recursive: true });
