import type { TextList } from "../lib/base/texts.ts";

/** Of the catalogue of abiquo-task-decision. */
export const RULES_TEXTS = {
  "cli.checked": ["file", "count"],
  "cli.condition": ["number"],
  "cli.counted": ["total", "continue", "cancel", "review"],
  "cli.differing": ["count", "file"],
  "cli.help": [],
  "cli.named": ["name"],
  "cli.numbered": ["number"],
  "cli.otherwise": [],
  "reach.contradiction": ["field"],
  "reach.covered": ["rule"],
} as const satisfies TextList;

/** Of the catalogue of abiquo-store. */
export const STORE_TEXTS = {
  "cli.backedUp": ["file", "tasks", "waiting", "approvals", "megabytes"],
  "cli.help": [],
  "cli.notSound": ["file"],
  "cli.restored": ["file", "tasks", "waiting", "approvals", "megabytes"],
  "cli.revoked": ["file"],
  "cli.sound": ["file", "tasks", "waiting", "approvals", "megabytes"],
} as const satisfies TextList;

/** Of the catalogue of abiquo-store. */
export const AUDIT_TEXTS = {
  "audit.changed": ["seq"],
  "audit.cut": ["seq"],
  "audit.deleted": ["seq"],
  "audit.erased": ["seq"],
  "audit.help": [],
  "audit.masked": ["entries"],
  "audit.missing": ["seq"],
  "audit.older": ["seq"],
  "audit.whole": ["entries", "erased", "deleted", "head"],
} as const satisfies TextList;
