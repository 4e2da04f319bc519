/** SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html); undefined when it is no error of the server's. */
export function stateOf(error: unknown): string | undefined {
  const { code, severity } = error as { readonly code?: unknown; readonly severity?: unknown };
  return typeof code === "string" && typeof severity === "string" ? code : undefined;
}

/** Serialisation failure, deadlock. */
const CLASHES = new Set(["40001", "40P01"]);

/** Whether transactions of others were in its way, for which PostgreSQL has rolled it back: the same again may succeed. */
export function isClash(error: unknown): boolean {
  return CLASHES.has(stateOf(error) ?? "");
}
