import { readFileSync } from "node:fs";
import { roomFile } from "../base/here.ts";
import { isObject, textOf } from "../base/json.ts";

let known: string | undefined;

/** The version of this package. */
export function packageVersion(): string {
  if (known !== undefined) return known;
  const manifest: unknown = JSON.parse(readFileSync(roomFile("../../package.json"), "utf8"));
  return (known = isObject(manifest) ? textOf(manifest["version"]) : "");
}
