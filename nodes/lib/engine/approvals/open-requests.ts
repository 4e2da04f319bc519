import { waitingFor } from "../../approval/index.ts";
import { readOrWhy } from "../../base/codec.ts";
import { type ApprovalRecord, keyText, type Ledger, type TaskKey } from "../../ledger/index.ts";
import type { OpenRequest } from "../message.ts";
import { isStanding, openedApproval } from "./request.ts";
import { dueOf } from "./views.ts";

/** By `keyText` of the task, the newest request that is open about it and whose people are known. */
export async function openRequests(ledger: Ledger, keys: readonly TaskKey[]): Promise<Map<string, OpenRequest>> {
  const about = await ledger.approvals.about(keys);
  const records = await ledger.approvals.several(about.map(({ id }) => id));
  const requests = new Map(records.map((record) => [record.id, openRequestsOf(record)]));
  return new Map(
    about.flatMap(({ id, key }): [string, OpenRequest][] => {
      const request = requests.get(id)?.get(key.taskId);
      return request === undefined ? [] : [[keyText(key), request]];
    }),
  );
}

/** By task id; none while the people are being found out, and of what cannot be read. */
function openRequestsOf(record: ApprovalRecord): Map<string, OpenRequest> {
  const reading = readOrWhy(() => openedApproval(record));
  if ("unread" in reading || !isStanding(reading.value)) return new Map();
  const { state, request: kept } = reading.value;
  const { subject } = kept;
  const { level } = state.approval;
  const { dueAt } = dueOf(state.approval);
  const request = {
    id: record.id,
    level,
    waitingFor: waitingFor(state.approval).map(({ email }) => email),
    ...(dueAt === undefined ? {} : { dueAt: new Date(dueAt).toISOString() }),
    ...(subject.title === undefined ? {} : { title: subject.title }),
  };
  return new Map(subject.machines.map(({ id, ...machine }) => [id, { ...request, machine }]));
}
