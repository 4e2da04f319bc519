import { ROUTES } from "./index.ts";
import type { Route } from "./route.ts";
import { type Evidence, VERSIONED_FIELDS, VERSIONED_LINKS } from "./versions.ts";

/** Routes whose exchanges were recorded. */
const RECORDED = new Set([
  "GET /login",
  "GET /admin/enterprises",
  "POST /admin/enterprises",
  "GET /admin/enterprises/{enterprise}",
  "PUT /admin/enterprises/{enterprise}",
  "GET /admin/enterprises/{enterprise}/users",
  "GET /admin/enterprises/{enterprise}/users/{user}",
  "GET /admin/enterprises/{enterprise}/users/{user}/applications",
  "POST /admin/enterprises/{enterprise}/users/{user}/applications",
  "GET /admin/enterprises/{enterprise}/users/{user}/applications/{application}",
  "DELETE /admin/enterprises/{enterprise}/users/{user}/applications/{application}",
  "GET /admin/enterprises/{enterprise}/action/pendingtasks",
  "GET /admin/enterprises/{enterprise}/users/{user}/action/pendingtasks",
  "GET /admin/roles/{role}",
  "GET /admin/roles/{role}/action/privileges",
  "GET /config/privileges/{privilege}",
  "GET /config/properties",
  "PUT /config/properties",
  "GET /config/properties/{property}",
  "PUT /config/properties/{property}",
  "GET /cloud/virtualdatacenters/{datacenter}",
  "GET /cloud/virtualdatacenters/{datacenter}/tasks",
  "GET /cloud/virtualdatacenters/{datacenter}/tasks/{task}",
  "GET /cloud/virtualdatacenters/{datacenter}/virtualappliances/{appliance}",
  "GET /cloud/virtualdatacenters/{datacenter}/virtualappliances/{appliance}/state",
  "POST /cloud/virtualdatacenters/{datacenter}/virtualappliances/{appliance}/action/deploy",
  "POST /cloud/virtualdatacenters/{datacenter}/virtualappliances/{appliance}/action/undeploy",
  "GET /cloud/virtualdatacenters/{datacenter}/virtualappliances/{appliance}/virtualmachines",
  ...["", "/state", "/storage/disks", "/storage/volumes", "/tasks", "/tasks/{task}", "/actionplans/{plan}/tasks"].map(
    (end) => `GET /cloud/virtualdatacenters/{datacenter}/virtualappliances/{appliance}/virtualmachines/{machine}${end}`,
  ),
  ...[
    "PUT ",
    "PUT /state",
    "POST /action/deploy",
    "POST /action/undeploy",
    "POST /tasks/{task}/action/continue",
    "POST /tasks/{task}/action/cancel",
    "POST /tasks/{task}/action/ack",
  ].map((line) => {
    const [method = "", end = ""] = line.split(" ");
    return `${method} /cloud/virtualdatacenters/{datacenter}/virtualappliances/{appliance}/virtualmachines/{machine}${end}`;
  }),
]);

/** Routes of which only a name is known, in a list of the server's own or in documentation. */
const INFERRED = new Set([
  "GET /events",
  "GET /events/{event}",
  "PUT /admin/roles/{role}",
  "GET /admin/scopes",
  "GET /admin/scopes/{scope}",
]);

export function evidenceOf({ method, path }: Pick<Route, "method" | "path">): Evidence {
  const name = `${method} ${path}`;
  if (RECORDED.has(name) || /virtualmachinetemplates|datacenterrepositories/.test(path)) return "recorded";
  return INFERRED.has(name) ? "inferred" : "source";
}

/** The tables of what the simulator serves and how sure each is, in Markdown. */
export function evidenceTables(): string {
  const routes = [...ROUTES].sort((a, b) => (a.path === b.path ? (a.method < b.method ? -1 : 1) : a.path < b.path ? -1 : 1));
  const versioned = [
    ...VERSIONED_FIELDS.map(({ types, field, since, evidence, source }) => [
      types.join(", "),
      `field \`${field}\``,
      since,
      evidence,
      source,
    ]),
    ...VERSIONED_LINKS.map(({ types, rel, since, evidence, source }) => [types.join(", "), `links \`${rel}\``, since, evidence, source]),
  ];
  return [
    table(
      ["Route", "One of these privileges", "Takes", "Gives", "Form of the answer"],
      routes.map((route) => [
        `${route.method} \`${route.path}\``,
        route.privileges.join(", "),
        (route.consumes ?? []).join(", "),
        (route.produces ?? []).join(", "),
        evidenceOf(route),
      ]),
    ),
    table(["Media types", "What", "Since", "Evidence", "Source"], versioned),
  ].join("\n\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
