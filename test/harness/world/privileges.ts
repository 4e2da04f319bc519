/**
 * The privileges that the simulated Abiquo knows, in the order of their ids, which begin with 1. Names as Abiquo's
 * own sources have them (2.0, `Privileges.java`), and those that came later as far as they are evidenced.
 */
export const PRIVILEGES = [
  "AUTHENTICATED",
  "ENTERPRISE_ENUMERATE",
  "ENTERPRISE_ADMINISTER_ALL",
  "ENTERPRISE_RESOURCE_SUMMARY_ENT",
  "PHYS_DC_ENUMERATE",
  "PHYS_DC_RETRIEVE_DETAILS",
  "PHYS_DC_RETRIEVE_RESOURCE_USAGE",
  "VDC_ENUMERATE",
  "VDC_MANAGE",
  "VDC_MANAGE_VAPP",
  "VDC_MANAGE_STORAGE",
  "VAPP_CUSTOMISE_SETTINGS",
  "VAPP_DEPLOY_UNDEPLOY",
  "VAPP_ASSIGN_NETWORK",
  "VAPP_ASSIGN_VOLUME",
  "VAPP_PERFORM_ACTIONS",
  "VAPP_CREATE_INSTANCE",
  "MANAGE_HARD_DISKS",
  "APPLIB_VIEW",
  "USERS_VIEW",
  "USERS_VIEW_PRIVILEGES",
  "USERS_MANAGE_ENTERPRISE",
  "USERS_MANAGE_OTHER_ENTERPRISES",
  "USERS_MANAGE_USERS",
  "USERS_MANAGE_ROLES",
  "USERS_MANAGE_ROLES_OTHER_ENTERPRISES",
  "USERS_MANAGE_SCOPES",
  "SYSCONFIG_VIEW",
  "SYSCONFIG_ALLOW_MODIFY",
  "EVENTLOG_VIEW_ENTERPRISE",
  "EVENTLOG_VIEW_ALL",
  "PRICING_VIEW",
  "WORKFLOW_OVERRIDE",
] as const;

export type Privilege = (typeof PRIVILEGES)[number];

export function isPrivilege(name: string): name is Privilege {
  return (PRIVILEGES as readonly string[]).includes(name);
}

/** What every user of a cloud needs to have machines of their own. */
const OWN_MACHINES: readonly Privilege[] = [
  "AUTHENTICATED",
  "VDC_ENUMERATE",
  "VDC_MANAGE",
  "VDC_MANAGE_VAPP",
  "VDC_MANAGE_STORAGE",
  "VAPP_CUSTOMISE_SETTINGS",
  "VAPP_DEPLOY_UNDEPLOY",
  "VAPP_ASSIGN_NETWORK",
  "VAPP_ASSIGN_VOLUME",
  "VAPP_PERFORM_ACTIONS",
  "VAPP_CREATE_INSTANCE",
  "MANAGE_HARD_DISKS",
  "APPLIB_VIEW",
];

/** Which role has what on a new server; as of 2015 where it is evidenced. */
export const DEFAULT_ROLES: Readonly<Record<"CLOUD_ADMIN" | "ENTERPRISE_ADMIN" | "USER", readonly Privilege[]>> = {
  CLOUD_ADMIN: PRIVILEGES,
  ENTERPRISE_ADMIN: [
    ...OWN_MACHINES,
    "USERS_VIEW",
    "USERS_VIEW_PRIVILEGES",
    "USERS_MANAGE_USERS",
    "EVENTLOG_VIEW_ENTERPRISE",
    "WORKFLOW_OVERRIDE",
  ],
  USER: OWN_MACHINES,
};
