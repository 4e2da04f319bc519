// Prints how much of the sources the specs of rooms, nodes and commands run, and where least. Dialogs run in the browser's specs.
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";

const ROOT = dirname(import.meta.dirname);
process.chdir(ROOT);
const require = createRequire(import.meta.url);
const bin = (name, path) => join(dirname(require.resolve(`${name}/package.json`)), path);
const run = (...args) => execFileSync(process.execPath, args, { stdio: "inherit" });

run("scripts/build.mjs", "--maps");
try {
  const reports = ["--reporter=json-summary", "--reports-dir=coverage", "--temp-directory=coverage/tmp"];
  const which = [
    "--all",
    "--src=nodes",
    "--include=nodes/**/*.ts",
    "--exclude=nodes/lib/editor/**",
    "--exclude=nodes/**/{editor,dialog}*.ts",
  ];
  const specs =
    process.argv.length > 2 ? process.argv.slice(2) : ["test/unit/**/*.spec.ts", "test/nodes/*.spec.ts", "test/package/*-command.spec.ts"];
  run(
    bin("c8", "bin/c8.js"),
    ...reports,
    ...which,
    "--exclude=nodes/**/editor/**",
    "--exclude-after-remap",
    "--",
    process.execPath,
    bin("mocha", "bin/mocha.js"),
    "--reporter=dot",
    "--parallel",
    "--jobs=2",
    ...specs,
  );
} finally {
  run("scripts/build.mjs");
}

const { total, ...files } = JSON.parse(readFileSync("coverage/coverage-summary.json", "utf8"));
const lines = ([file, { lines, branches }]) =>
  `${lines.pct.toFixed(1).padStart(6)} %  ${branches.pct.toFixed(1).padStart(6)} %  ${relative(ROOT, file)}`;
console.log(" lines    branches");
console.log(lines([join(ROOT, "in all"), total]));
for (const line of Object.entries(files)
  .sort(([, a], [, b]) => a.lines.pct - b.lines.pct)
  .slice(0, 10)
  .map(lines))
  console.log(line);
rmSync("coverage", { recursive: true });
