export { type AbiquoOptions, type Answer, type Credentials, type RequestLog, SimulatedAbiquo, startAbiquo } from "./abiquo.ts";
export type { FaultSpec, InjectedFault, ListedFault } from "./faults.ts";
export { type NodeRedOptions, NodeRedProcess, startNodeRed } from "./node-red.ts";
export { type Exchange, readExchanges } from "./recorder.ts";
export type { WebhookForm, WebhookResult } from "./webhook.ts";
export type { SimTask, SubmitRequest, TaskType } from "./world/tasks.ts";
