import { Fault, type FaultList, type FaultParams, type ParamsOf } from "../base/fault.ts";

/** One entry of Abiquo's errors DTO, such as TASK-2. */
export interface ApiError {
  readonly code: string;
  readonly message: string;
}

export interface FaultFacts {
  /** HTTP status, when there was an answer */
  readonly status?: number | undefined;
  readonly apiErrors?: readonly ApiError[];
  /** a later try may succeed without anybody changing anything */
  readonly retriable?: boolean;
  /** Abiquo may have acted on the request, though no answer says so */
  readonly mayHaveArrived?: boolean;
  /** how long Abiquo asks to wait, in ms */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** A call to Abiquo that did not succeed. No secret is in it: neither in its texts nor in its cause. */
export class AbiquoFault<Code extends AbiquoFaultCode = AbiquoFaultCode> extends Fault {
  declare readonly code: AbiquoFaultCode;
  readonly status: number | undefined;
  readonly apiErrors: readonly ApiError[];
  readonly retriable: boolean;
  readonly mayHaveArrived: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(code: Code, params: AbiquoFaultCode extends Code ? FaultParams : ParamsOf<Code>, facts: FaultFacts = {}) {
    super(code, params, facts.cause);
    this.status = facts.status;
    this.apiErrors = facts.apiErrors ?? [];
    this.retriable = facts.retriable ?? false;
    this.mayHaveArrived = facts.mayHaveArrived ?? false;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** Why a body cannot be read: reasons of ABIQUO_BAD_BODY. */
const BODY_REASONS = {
  EMPTY: [],
  ENCODING: [],
  NOT_JSON: [],
  NOT_XML: [],
  DOCTYPE: [],
  TOO_DEEP: [],
  TOO_MANY: [],
  TOO_LONG: [],
} as const satisfies FaultList;

/** Why a task cannot be used: problems of ABIQUO_BAD_TASK and ABIQUO_NO_TASK. */
const TASK_PROBLEMS = {
  NOT_AN_OBJECT: [],
  NO_TASK_ID: [],
  NO_LINKS: [],
  LINK_OF_ANOTHER_TASK: [],
  TOO_LONG: [],
} as const satisfies FaultList;

/** Which credentials are refused: reasons of ABIQUO_UNAUTHORIZED; the `_ANY_MORE` ones were accepted before. */
const CREDENTIAL_REASONS = {
  OAUTH1_REFUSED: [],
  OAUTH1_REFUSED_ANY_MORE: [],
  BASIC_REFUSED: [],
  BASIC_REFUSED_ANY_MORE: [],
  BEARER_REFUSED: [],
  BEARER_REFUSED_ANY_MORE: [],
} as const satisfies FaultList;

export type BodyReason = keyof typeof BODY_REASONS;
export type CredentialReason = keyof typeof CREDENTIAL_REASONS;
export type TaskProblemCode = keyof typeof TASK_PROBLEMS;

export const ABIQUO_FAULTS = {
  ABIQUO_BAD_URL: ["url"],
  ABIQUO_BAD_LINK: ["href"],
  ABIQUO_NO_TASK: ["problem"],
  ABIQUO_BAD_TASK: ["problem", "taskId"],
  ABIQUO_UNAUTHORIZED: ["reason"],
  ABIQUO_REQUEST_UNAUTHORIZED: ["url"],
  ABIQUO_CLOCK_SKEW: ["minutes"],
  ABIQUO_FORBIDDEN: ["url"],
  ABIQUO_NOT_FOUND: ["url"],
  ABIQUO_REFUSED: ["status", "errors"],
  ABIQUO_VERSION_REFUSED: ["version"],
  ABIQUO_RATE_LIMITED: [],
  ABIQUO_FAILED: ["status"],
  ABIQUO_UNREACHABLE: ["url", "reason"],
  ABIQUO_TIMEOUT: ["seconds"],
  ABIQUO_UNEXPECTED_ANSWER: ["status"],
  ABIQUO_CLOSED: [],
  DETAIL_NO_LINK: ["rel"],
  ...BODY_REASONS,
  ...TASK_PROBLEMS,
  ...CREDENTIAL_REASONS,
} as const satisfies FaultList;

declare module "../base/fault.ts" {
  interface FaultRegistry {
    abiquo: typeof ABIQUO_FAULTS;
  }
}

export type AbiquoFaultCode = keyof typeof ABIQUO_FAULTS;
