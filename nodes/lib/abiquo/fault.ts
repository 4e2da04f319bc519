import { Fault, type FaultParams } from "../base/fault.ts";

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
export class AbiquoFault extends Fault {
  readonly status: number | undefined;
  readonly apiErrors: readonly ApiError[];
  readonly retriable: boolean;
  readonly mayHaveArrived: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(code: AbiquoFaultCode, params: FaultParams, facts: FaultFacts = {}) {
    super(code, params, facts.cause);
    this.status = facts.status;
    this.apiErrors = facts.apiErrors ?? [];
    this.retriable = facts.retriable ?? false;
    this.mayHaveArrived = facts.mayHaveArrived ?? false;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** Every code of this folder with the names of its params, so that the catalogue can be checked against it. */
export const ABIQUO_FAULTS = {
  ABIQUO_BAD_URL: ["url"],
  ABIQUO_BAD_LINK: ["href"],
  ABIQUO_BAD_BODY: ["reason"],
  ABIQUO_NO_TASK: ["problem"],
  ABIQUO_BAD_TASK: ["problem", "taskId"],
  ABIQUO_UNAUTHORIZED: [],
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
  CONFIG_INVALID: ["property"],
  DETAIL_NO_LINK: ["rel"],
} as const satisfies Record<string, readonly string[]>;

export type AbiquoFaultCode = keyof typeof ABIQUO_FAULTS;
