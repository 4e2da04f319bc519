import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOMS } from "./place.cjs";

/** The URL of a file by its path from the folder of the rooms. */
export function roomFile(path: string): URL {
  return pathToFileURL(join(ROOMS, path));
}

/** The URL of a module by its path from the folder of the rooms: TypeScript in the sources, JavaScript where it is built. */
export function roomModule(path: string): URL {
  const built = roomFile(`${path}.js`);
  return existsSync(built) ? built : roomFile(`${path}.ts`);
}
