import { APPROVAL_NODE_FAULTS } from "../../nodes/approval/faults.ts";
import { CLI_FAULTS } from "../../nodes/cli/faults.ts";
import { CONFIG_FAULTS } from "../../nodes/config/faults.ts";
import { CONFIGURE_FAULTS } from "../../nodes/configure-workflow/faults.ts";
import { ABIQUO_FAULTS } from "../../nodes/lib/abiquo/faults.ts";
import { APPROVAL_FAULTS } from "../../nodes/lib/approval/faults.ts";
import { BASE_FAULTS, type FaultList, type FaultRegistry } from "../../nodes/lib/base/fault.ts";
import { ENGINE_FAULTS } from "../../nodes/lib/engine/faults.ts";
import { LEDGER_FAULTS } from "../../nodes/lib/ledger/faults.ts";
import { NODE_RED_FAULTS } from "../../nodes/lib/node-red/faults.ts";
import { RULE_FAULTS } from "../../nodes/lib/rules/faults.ts";
import { DECISION_FAULTS } from "../../nodes/task-decision/faults.ts";
import { WEBHOOK_FAULTS } from "../../nodes/webhook-in/faults.ts";

/** What the types of all rooms add up to, as values: a part that is missing here does not compile. */
const REGISTRY: { readonly [Room in keyof FaultRegistry]: FaultRegistry[Room] } = {
  abiquo: ABIQUO_FAULTS,
  approval: APPROVAL_FAULTS,
  approvalNode: APPROVAL_NODE_FAULTS,
  base: BASE_FAULTS,
  cli: CLI_FAULTS,
  config: CONFIG_FAULTS,
  configureWorkflow: CONFIGURE_FAULTS,
  engine: ENGINE_FAULTS,
  ledger: LEDGER_FAULTS,
  nodeRed: NODE_RED_FAULTS,
  rules: RULE_FAULTS,
  taskDecision: DECISION_FAULTS,
  webhookIn: WEBHOOK_FAULTS,
};

const parts: readonly FaultList[] = Object.values(REGISTRY);

/** Every code with the names of its parameters; one that two rooms declare comes twice. */
export const faults: readonly (readonly [code: string, names: readonly string[]])[] = parts.flatMap((part) => Object.entries(part));
