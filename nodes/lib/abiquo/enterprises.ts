import { isObject, textOf } from "../base/json.ts";
import { type Api, jsonOf, segment } from "./api.ts";
import { AbiquoFault } from "./faults.ts";
import { linkOf } from "./links.ts";
import { elementsOf, ListPages, mappedPages, type Pages } from "./paging.ts";

export interface AbiquoEnterprise {
  readonly id: string;
  readonly name: string;
  /** whether its tasks are held for an answer, provided that the platform's switch is on as well */
  readonly workflow: boolean;
}

export function enterpriseIdIn(link: { readonly href: string } | undefined): string {
  return /\/enterprises\/([^/?]+)/.exec(link?.href ?? "")?.[1] ?? "";
}

export async function* enterprisesOf(api: Api, workflow?: boolean, signal?: AbortSignal): AsyncGenerator<AbiquoEnterprise, void> {
  yield* elementsOf(enterprisePagesOf(api, workflow), signal);
}

/** @param workflow those with workflow on (true) or off (false); absent = all */
export function enterprisePagesOf(api: Api, workflow?: boolean): Pages<AbiquoEnterprise> {
  const pages = new ListPages(api, { path: "/admin/enterprises", name: "enterprises" });
  const isMeant = (each: AbiquoEnterprise): boolean => each.id !== "" && (workflow === undefined || each.workflow === workflow);
  return mappedPages(pages, (elements) => elements.flatMap((dto) => (isObject(dto) ? [enterpriseOf(dto)] : [])).filter(isMeant));
}

export async function readEnterprise(api: Api, id: string, signal?: AbortSignal): Promise<AbiquoEnterprise> {
  return enterpriseOf(await api.read(urlOf(api, id), "enterprise", signal));
}

export async function readDatacenterEnterprise(api: Api, virtualDatacenter: string, signal?: AbortSignal): Promise<string> {
  const url = `${api.base}/cloud/virtualdatacenters/${segment(virtualDatacenter)}`;
  return enterpriseIdIn(linkOf(await api.read(url, "virtualdatacenter", signal), "enterprise"));
}

/** As `AbiquoClient.setEnterpriseWorkflow`. */
export async function writeEnterpriseWorkflow(api: Api, id: string, enabled: boolean, signal?: AbortSignal): Promise<AbiquoEnterprise> {
  const url = urlOf(api, id);
  const put = async (): Promise<AbiquoEnterprise> => {
    const whole = await api.read(url, "enterprise", signal);
    if (whole["workflow"] === enabled) return enterpriseOf(whole);
    return enterpriseOf(jsonOf(await api.write("PUT", url, "enterprise", { ...whole, workflow: enabled }, signal)));
  };
  try {
    return await put();
  } catch (error) {
    if (!(error instanceof AbiquoFault) || error.status !== 409) throw error;
    // 409-CONFLICT-StaleObject: somebody changed the enterprise in between.
    return put();
  }
}

function urlOf(api: Api, id: string): string {
  return `${api.base}/admin/enterprises/${segment(id)}`;
}

function enterpriseOf(dto: Record<string, unknown>): AbiquoEnterprise {
  return { id: textOf(dto["id"]), name: textOf(dto["name"]), workflow: dto["workflow"] === true };
}
