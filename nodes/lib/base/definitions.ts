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
  "abiquo-events": [],
} as const satisfies Migrations;

/** The version of a type's definitions that this release writes and works with. */
export function versionOf(type: string, migrations: Migrations = MIGRATIONS): number {
  return (migrations[type]?.length ?? 0) + 1;
}

/** Whether this release knows what definitions of a version mean. */
export function isUnderstood(type: string, version: unknown): boolean {
  const number = numberIn(version);
  return number !== undefined && number <= versionOf(type);
}

/**
 * A definition as this release understands it. One of the present version comes back as it is, whether it says so or
 * not, so that a flow that nobody changes stays as it is stored.
 *
 * @throws Fault NODE_NEWER when a newer release wrote it; CONFIG_INVALID when its version is none
 */
export function migrated(type: string, definition: object, migrations: Migrations = MIGRATIONS): Definition {
  const present = versionOf(type, migrations);
  const given = definition as Definition;
  const version = numberIn(given["version"] === undefined ? 1 : given["version"]);
  if (version === undefined) throw new Fault("CONFIG_INVALID", { property: "version" });
  if (version > present) throw new Fault("NODE_NEWER");
  if (version === present) return given;
  const steps = migrations[type]?.slice(version - 1) ?? [];
  return { ...steps.reduce((old, step) => step(old), given), version: present };
}

/** A whole number from 1 on; the editor's fields hold it as text. */
function numberIn(version: unknown): number | undefined {
  const number = typeof version === "string" && version.trim() !== "" ? Number(version) : version;
  return typeof number === "number" && Number.isInteger(number) && number >= 1 ? number : undefined;
}
