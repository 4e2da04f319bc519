// Builds dist/ from nodes/ (palette) and test/harness (simulator), then copies what Node-RED reads beside the code.
import { execFileSync } from "node:child_process";
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";

process.chdir(dirname(import.meta.dirname));
rmSync("dist", { recursive: true, force: true });

const typescript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
for (const project of ["tsconfig.json", "test/harness/tsconfig.json"]) {
  execFileSync(process.execPath, [join(typescript, "bin", "tsc"), "-p", project], { stdio: "inherit" });
}

const isDirectoryOr = (...extensions) => (path) => extname(path) === "" || extensions.includes(extname(path));
cpSync("nodes", "dist", { recursive: true, filter: isDirectoryOr(".html", ".json") });
const { rulesSchema } = createRequire(import.meta.url)(join(process.cwd(), "dist", "lib", "rules", "schema.js"));
writeFileSync(join("dist", "lib", "rules", "rules.schema.json"), `${JSON.stringify(rulesSchema, null, 2)}\n`);
cpSync("icons", "dist/icons", { recursive: true });
