export { type Clock } from "./clock.ts";
export { type AnswerCall, Engine, type EngineOptions } from "./engine.ts";
export { type Arrival, type Receipt } from "./intake.ts";
export * from "./message.ts";
export { type Connection } from "./outbox.ts";
export { recordedTasks } from "./recorded.ts";
export { type FinishedRequest, type RequestPort, type TaskResult } from "./requests.ts";
