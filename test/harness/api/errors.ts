import { errorsXml } from "../xml.ts";
import type { Reply } from "./route.ts";

/**
 * What Abiquo refuses with: code, status and text. Codes and statuses as Abiquo's own sources have them (2.0,
 * `APIError.java` and `APIExceptionMapper.java`); the status of TASK-2 is an inference from its class, a conflict.
 */
const ERRORS = {
  "400-BAD-REQUEST": [400, "Request not valid"],
  "403-FORBIDDEN": [403, "Access denied"],
  "404-NOT-FOUND": [404, "The requested resource does not exist"],
  "405-METHOD-NOT-ALLOWED": [405, "The resource does not expose this method"],
  "406-NOT-ACCEPTABLE": [406, "No representation of the kind that Accept names"],
  "415-UNSUPPORTED-MEDIA-TYPE": [415, "The resource does not take this Content-Type"],
  "415-UNSUPPORTED-MEDIA-TYPE-VERSION": [415, "The version of Content-Type is not known"],
  "CONSTR-NOTNULL": [400, "A mandatory field is null"],
  "DC-0": [404, "The requested location does not exist"],
  "EN-0": [404, "The requested enterprise does not exist"],
  "GEN-1": [400, "The identifier is not valid"],
  "GEN-2": [400, "The document is not valid"],
  "PRIVILEGE-0": [404, "The requested privilege does not exist"],
  "QUERY-0": [400, "Invalid 'by' parameter"],
  "ROLE-0": [404, "The requested role does not exist"],
  "ROLE-4": [409, "Users have this role"],
  "ROLE-6": [409, "There is a role of that name"],
  "SCOPE-0": [404, "The requested scope does not exist"],
  "SYSPROP-0": [404, "The requested system property does not exist"],
  "SYSPROP-1": [400, "There is a system property of that name"],
  "TASK-1": [404, "The requested task does not exist"],
  "TASK-2": [409, "The task is not in the appropriate state"],
  "USER-3": [404, "The requested user does not exist"],
  "USER-4": [409, "There is a user of that name"],
  "USER-23": [404, "The requested application does not exist"],
  "VAPP-0": [404, "The requested virtual appliance does not exist"],
  "VDC-0": [404, "The requested virtual datacenter does not exist"],
  "VM-1": [404, "The requested virtual machine does not exist"],
  "VM-2": [409, "The virtual machine is locked by another operation"],
  "VM-7": [409, "Only a machine that is NOT_ALLOCATED can be deployed"],
  "VM-11": [409, "The virtual machine is on no host, so its state cannot change"],
  "VM-12": [409, "A machine in this state cannot be undeployed"],
  "VM-13": [409, "A machine in this state cannot be reconfigured"],
} as const satisfies Record<string, readonly [status: number, text: string]>;

export type ErrorCode = keyof typeof ERRORS;

/** Refuses a request; whoever answers it turns this into the errors DTO. */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  /** the privilege that was missing, for the simulator's own log; Abiquo does not tell it */
  readonly missing: readonly string[];

  constructor(code: ErrorCode, missing: readonly string[] = []) {
    super(ERRORS[code][1]);
    this.code = code;
    this.status = ERRORS[code][0];
    this.missing = missing;
  }
}

/** @param asXml as the caller accepts it */
export function errorReply({ code }: ApiError, asXml: boolean): Reply {
  const [status, message] = ERRORS[code];
  return asXml
    ? { status, headers: { "Content-Type": "application/vnd.abiquo.error+xml" }, body: errorsXml([{ code, message }]) }
    : {
        status,
        headers: { "Content-Type": "application/vnd.abiquo.errors+json" },
        body: JSON.stringify({ collection: [{ code, message }] }),
      };
}
