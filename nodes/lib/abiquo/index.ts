export { type Authorizer, authorizer, type Credentials } from "./auth.ts";
export { type ApiBase, apiBase } from "./base.ts";
export { AbiquoClient, type ClientSettings, type Resource } from "./client.ts";
export {
  DETAIL_PARTS,
  type DetailLinks,
  type DetailPart,
  type Details,
  DetailsReading,
  isDetailPart,
  mediaName,
  type Source,
  storageOf,
} from "./details.ts";
export type { AbiquoEnterprise } from "./enterprises.ts";
export type { AbiquoEvent, EventCursor, EventPage } from "./events.ts";
export { AbiquoFault, type ApiError } from "./faults.ts";
export { keptLinks, keptPayload, keptSummary, linksOf, summaryOf } from "./kept.ts";
export { linkOf, rebase } from "./links.ts";
export type { Pages } from "./paging.ts";
export type { AbiquoUser } from "./people.ts";
export type { PlatformWorkflow } from "./platform-workflow.ts";
export { Resources } from "./resources.ts";
export { type AbiquoTask, linksOfTask, type TaskLinks, type TaskSummary, taskFromDto } from "./task.ts";
export type { Proxy } from "./transport.ts";
export { parseWebhook, parseWebhookInTurns, parseWebhookJson, type TaskProblem, type WebhookBody } from "./webhook.ts";
