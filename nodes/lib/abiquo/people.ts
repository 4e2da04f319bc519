import { isObject, type JsonObject, textOf } from "../base/json.ts";
import { type Api, segment } from "./api.ts";
import { enterpriseIdIn } from "./enterprises.ts";
import { linkOf } from "./links.ts";
import { elementsOf, ListPages } from "./paging.ts";

export interface AbiquoUser {
  readonly id: string;
  /** login name */
  readonly nick: string;
  /** first and last name */
  readonly name: string;
  /** may be empty */
  readonly email: string;
  readonly enterpriseId: string;
  readonly enterpriseName: string;
  readonly roleName: string;
  /** false once an administrator has disabled the account */
  readonly isActive: boolean;
}

export function userOf(dto: JsonObject): AbiquoUser {
  const enterprise = linkOf(dto, "enterprise");
  return {
    id: textOf(dto["id"]),
    nick: textOf(dto["nick"]),
    name: [textOf(dto["name"]), textOf(dto["surname"])].filter(Boolean).join(" "),
    email: textOf(dto["email"]),
    enterpriseId: enterpriseIdIn(enterprise),
    enterpriseName: enterprise?.title ?? "",
    roleName: linkOf(dto, "role")?.title ?? "",
    isActive: dto["active"] !== false,
  };
}

export async function* usersOf(api: Api, enterprise: string, signal?: AbortSignal): AsyncGenerator<AbiquoUser, void> {
  const pages = new ListPages(api, { path: `/admin/enterprises/${segment(enterprise)}/users`, name: "users" });
  for await (const dto of elementsOf(pages, signal)) if (isObject(dto)) yield userOf(dto as JsonObject);
}

export async function* roleNames(api: Api, signal?: AbortSignal): AsyncGenerator<string, void> {
  for await (const dto of elementsOf(new ListPages(api, { path: "/admin/roles", name: "roles" }), signal)) {
    const name = isObject(dto) ? textOf(dto["name"]) : "";
    if (name !== "") yield name;
  }
}
