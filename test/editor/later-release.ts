import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

/**
 * The script of a dialog as a later release could have it: in between, the meaning of some properties has changed.
 *
 * @param node such as `list-pending`
 * @param steps the source of its migrations
 */
export async function laterDialog(node: string, steps: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join("nodes", node, "editor.ts")],
    bundle: true,
    write: false,
    format: "iife",
    plugins: [
      {
        name: "later release",
        setup({ onLoad }) {
          onLoad({ filter: /base.definitions\.ts$/ }, ({ path }) => {
            const source = readFileSync(path, "utf8");
            const contents = source.replace(`"abiquo-${node}": [],`, `"abiquo-${node}": ${steps},`);
            if (contents === source) throw new Error(`no steps of ${node} to add to`);
            return { contents, loader: "ts" };
          });
        },
      },
    ],
  });
  return outputFiles[0]!.text;
}
