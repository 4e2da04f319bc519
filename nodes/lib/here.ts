import { extname } from "node:path";
import { pathToFileURL } from "node:url";
import { getCallSites } from "node:util";

/** The URL of a file by its path from the calling module, whether that is an ES module or CommonJS. */
export function fileBeside(path: string): URL {
  return new URL(path, urlOf(getCallSites(2)[1]?.scriptName ?? ""));
}

/** The URL of a module beside the calling one: TypeScript in the sources, JavaScript where it is built. */
export function moduleBeside(name: string): URL {
  const caller = urlOf(getCallSites(2)[1]?.scriptName ?? "");
  return new URL(`${name}${extname(caller.pathname)}`, caller);
}

function urlOf(script: string): URL {
  return script.startsWith("file:") ? new URL(script) : pathToFileURL(script);
}
