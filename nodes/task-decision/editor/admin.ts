/** Asks the runtime; nothing there changes by it. What it answers is for the caller to parse. */
export function ask(action: "check" | "choices" | "try", body: object): JQuery.jqXHR<unknown> {
  return $.ajax({
    url: `abiquo-task-decision/${action}`,
    type: "POST",
    contentType: "application/json; charset=utf-8",
    data: JSON.stringify(body),
  });
}

export function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
