import { compareVersions } from "./media.ts";

/** How sure a fact is: recorded exchanges, source code, Abiquo's documentation, or an inference of ours. */
export type Evidence = "recorded" | "source" | "documented" | "inferred";

export interface VersionedField {
  /** names of the media types that hold it, alone or in a list */
  readonly types: readonly string[];
  readonly field: string;
  /** the first version that has it, or the first that is known to */
  readonly since: string;
  readonly evidence: Evidence;
  readonly source: string;
}

/** Fields that older versions do not have. What is not evidenced for a version is as in the nearest one that is. */
export const VERSIONED_FIELDS: readonly VersionedField[] = [
  {
    types: ["harddisk", "harddisks"],
    field: "label",
    since: "3.4",
    evidence: "recorded",
    source: "absent from an answer in the form of 3.2",
  },
  {
    types: ["harddisk", "harddisks"],
    field: "bootable",
    since: "3.4",
    evidence: "recorded",
    source: "absent from an answer in the form of 3.2",
  },
  {
    types: ["harddisk", "harddisks"],
    field: "path",
    since: "3.4",
    evidence: "recorded",
    source: "absent from an answer in the form of 3.2",
  },
  {
    types: ["harddisk", "harddisks"],
    field: "diskFormatType",
    since: "3.4",
    evidence: "recorded",
    source: "absent from an answer in the form of 3.2",
  },
  {
    types: ["harddisk", "harddisks"],
    field: "diskFileSize",
    since: "3.4",
    evidence: "recorded",
    source: "absent from an answer in the form of 3.2",
  },
  {
    types: ["harddisk", "harddisks"],
    field: "diskControllerType",
    since: "3.4",
    evidence: "recorded",
    source: "absent from an answer in the form of 3.2",
  },
  {
    types: ["volume", "volumes"],
    field: "bootable",
    since: "3.4",
    evidence: "recorded",
    source: "absent from an answer in the form of 2.2",
  },
  {
    types: ["volume", "volumes"],
    field: "diskController",
    since: "3.4",
    evidence: "recorded",
    source: "absent from an answer in the form of 2.2",
  },
  {
    types: ["volume", "volumes"],
    field: "diskControllerType",
    since: "3.4",
    evidence: "recorded",
    source: "absent from an answer in the form of 2.2",
  },
  { types: ["task", "tasks"], field: "creationTimestamp", since: "3.4", evidence: "source", source: "absent from the DTO of 2.0" },
  {
    types: ["enterprise", "enterprises"],
    field: "twoFactorAuthenticationMandatory",
    since: "3.8",
    evidence: "recorded",
    source: "first in the recordings of 3.8",
  },
  {
    types: ["virtualmachine", "virtualmachines"],
    field: "label",
    since: "4.0",
    evidence: "inferred",
    source: "absent from 3.10, used by clients of later versions",
  },
];

/** Links that older versions do not have. */
export const VERSIONED_LINKS: readonly (Omit<VersionedField, "field"> & { readonly rel: string })[] = [
  {
    types: ["application", "applications"],
    rel: "privilege",
    since: "3.6",
    evidence: "recorded",
    source: "first in the recordings of 3.6",
  },
];

/**
 * A DTO as a version has it.
 *
 * @param type name of its media type
 * @param version major.minor
 */
export function asOf(version: string, type: string, dto: object): object {
  const later = <Rule extends { readonly types: readonly string[]; readonly since: string }>(rules: readonly Rule[]): Rule[] =>
    rules.filter(({ types, since }) => types.includes(type) && compareVersions(version, since) < 0);
  const fields = new Set(later(VERSIONED_FIELDS).map(({ field }) => field));
  const rels = new Set(later(VERSIONED_LINKS).map(({ rel }) => rel));
  if (fields.size === 0 && rels.size === 0) return dto;
  const trimmed = (one: object): object =>
    Object.fromEntries(
      Object.entries(one).flatMap(([key, value]): [string, unknown][] => {
        if (fields.has(key)) return [];
        return [
          [
            key,
            key === "links" && Array.isArray(value) ? (value as { readonly rel: string }[]).filter(({ rel }) => !rels.has(rel)) : value,
          ],
        ];
      }),
    );
  const { collection } = dto as { readonly collection?: readonly object[] };
  return collection === undefined ? trimmed(dto) : { ...dto, collection: collection.map(trimmed) };
}
