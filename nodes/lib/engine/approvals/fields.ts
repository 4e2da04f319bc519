import { PAGE_SIZE, QUERY_LENGTH, REASON_LENGTH } from "../../pages/index.ts";

/** Which page of machines; the first where the fields name none. */
export function machinesPageIn(fields: URLSearchParams): number {
  const page = fields.get("machines") ?? "";
  return /^\d{1,6}$/.test(page) ? Number(page) : 1;
}

/** The first page where the address names none. */
export function pageIn(query: URLSearchParams): number {
  const page = Number(query.get("page"));
  return Number.isSafeInteger(page * PAGE_SIZE) && page >= 1 ? page : 1;
}

export function queryIn(query: URLSearchParams): string {
  return (query.get("q") ?? "").slice(0, QUERY_LENGTH);
}

/** A form that does not say what its page showed means nothing. */
export function turnIn(form: URLSearchParams): number {
  const turn = form.get("upTo") ?? "";
  return /^\d{1,15}$/.test(turn) ? Number(turn) : -1;
}

/** The level that the form was made for. */
export function levelIn(form: URLSearchParams): number | undefined {
  const level = form.get("level") ?? "";
  return /^\d{1,4}$/.test(level) ? Number(level) : undefined;
}

export function reasonIn(form: URLSearchParams): string {
  return (form.get("reason") ?? "").trim().slice(0, REASON_LENGTH);
}

/** As a part of a ballot or a command, which have no empty reasons. */
export function withReason(reason: string): { reason?: string } {
  return reason === "" ? {} : { reason };
}
