import { Fault } from "./fault.ts";

/** A node as a flow file has it. */
export type Definition = Readonly<Record<string, unknown>>;

/** Brings a definition from one version to the next. It changes nothing of what it is given, and decides by that alone. */
export type Migration = (definition: Definition) => Definition;

/** By node type: from version 1 to 2, from 2 to 3, and so on; every one ever released stays. */
export type Migrations = Readonly<Record<string, readonly Migration[]>>;

/**
 * A property is never given another meaning, nor another value when it is absent, without a step here. Nothing has
 * been since 0.1.0, whose definitions have no version: that is version 1.
 */
export const MIGRATIONS = {
  "abiquo-config": [],
  "abiquo-store": [],
  "abiquo-webhook-in": [],
  "abiquo-task-details": [],
  "abiquo-task-decision": [],
  "abiquo-approval": [],
  "abiquo-continue": [],
  "abiquo-cancel": [],
  "abiquo-list-pending": [],
  "abiquo-configure-workflow": [],
} as const satisfies Migrations;

/** The version of a type's definitions that this release writes and works with. */
export const VERSION_OF: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(MIGRATIONS).map(([type, steps]) => [type, steps.length + 1]),
);

/**
 * A definition as this release understands it. One of the present version comes back as it is, whether it says so or
 * not, so that a flow that nobody changes stays as it is stored.
 *
 * @throws Fault NODE_NEWER when a newer release wrote it; CONFIG_INVALID when its version is none
 */
export function migrated(type: string, definition: object, migrations: Migrations = MIGRATIONS): Definition {
  const steps = migrations[type] ?? [];
  const present = steps.length + 1;
  const given = definition as Definition;
  const version = versionOf(given);
  if (version > present) throw new Fault("NODE_NEWER");
  if (version === present) return given;
  return { ...steps.slice(version - 1).reduce((old, step) => step(old), given), version: present };
}

/** @throws Fault CONFIG_INVALID */
function versionOf({ version = 1 }: Definition): number {
  // The editor's fields hold text.
  const number = typeof version === "string" && version.trim() !== "" ? Number(version) : version;
  if (typeof number !== "number" || !Number.isInteger(number) || number < 1) throw new Fault("CONFIG_INVALID", { property: "version" });
  return number;
}
