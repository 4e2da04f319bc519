export { isAddress } from "./address.ts";
export type * from "./ballot.ts";
export { addTime, timeBetween } from "./calendar.ts";
export { command } from "./command.ts";
export type * from "./events.ts";
export { parseBallot, parseCommand } from "./inputs.ts";
export { isApproval, isLinkKey, isRawPolicy } from "./kept.ts";
export { LevelRows } from "./level-rows.ts";
export { required, tally, waitingFor } from "./levels.ts";
export { nextWake, openApproval, wake } from "./lifecycle.ts";
export {
  type DecisionLink,
  type FormToken,
  type InboxLink,
  type LinkKey,
  type LinkKeys,
  type LinkReading,
  newApprovalId,
  newLinkKeys,
  readForm,
  readInbox,
  readLink,
  rotateLinkKeys,
  signForm,
  signInbox,
  signLink,
} from "./links.ts";
export { identify, identity } from "./people.ts";
export { clashingAliases, parsePolicy, parseUnambiguousPolicy, resolvePolicy, rolesOf } from "./policy.ts";
export type * from "./policy-types.ts";
export type * from "./state.ts";
export { isConcerned, vote } from "./vote.ts";
