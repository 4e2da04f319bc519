/** The XML that Abiquo writes for tasks: `<task>`, or `<tasks>` with one element each. */
export function tasksXml(tasks: readonly Record<string, unknown>[], asCollection: boolean): string {
  const body = tasks.map((task) => element("task", task)).join("");
  const root = asCollection ? `<tasks>${body}</tasks>` : body;
  return `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>${root}`;
}

function element(name: string, value: Record<string, unknown>): string {
  const parts = Object.entries(value).map(([key, child]) => {
    if (key === "links") return (child as Record<string, string>[]).map(link).join("");
    if (key === "jobs") {
      const { collection } = child as { collection: Record<string, unknown>[] };
      return `<jobs>${collection.map((job) => element("job", job)).join("")}</jobs>`;
    }
    return `<${key}>${escaped(String(child))}</${key}>`;
  });
  return `<${name}>${parts.join("")}</${name}>`;
}

function link(attributes: Record<string, string>): string {
  return `<link ${Object.entries(attributes).map(([key, value]) => `${key}="${escaped(value)}"`).join(" ")}/>`;
}

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
