import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { scriptsOf } from "./editor-source.ts";
import { ROOT } from "./tarball.ts";

/** A property as a dialog registers it. */
export interface RegisteredProperty {
  readonly name: string;
  /** what the dialog calls it; none for what has no field of its own, such as the type of a typed value */
  readonly label: string | undefined;
}

/**
 * What the built dialog of a type registers with Node-RED.
 *
 * @param language whose words the labels are
 */
export function propertiesOf(type: string, language: string): RegisteredProperty[] {
  const html = readFileSync(join(ROOT, "dist", `${type}.html`), "utf8");
  const path = (own: string): string => join(ROOT, "dist", "locales", language, `${own}.json`);
  const found: RegisteredProperty[] = [];
  const RED = {
    _(key: string): string {
      const [, own = "", inner = ""] = /([^/:]+):(.+)$/.exec(key) ?? [];
      const texts = JSON.parse(readFileSync(path(own), "utf8")) as unknown;
      return String(inner.split(".").reduce<unknown>((part, name) => (part as Record<string, unknown> | undefined)?.[name], texts) ?? key);
    },
    nodes: {
      registerType(_: string, { defaults }: { defaults: Record<string, { label?: string }> }) {
        for (const [name, { label }] of Object.entries(defaults)) found.push({ name, label });
      },
    },
  };
  const context = createContext({ RED });
  for (const script of scriptsOf(html)) runInContext(script, context);
  return found;
}
