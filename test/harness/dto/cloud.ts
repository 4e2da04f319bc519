import {
  type Location,
  type MachineState,
  NO_LIMITS,
  type VirtualAppliance,
  type VirtualDatacenter,
  type VirtualMachine,
  type World,
} from "../world/world.ts";
import { type Dto, type Link, typed, type Under, under } from "./links.ts";

/** Where the things of one machine are, and what they are called. */
function placesOf(machine: VirtualMachine, world: World, api: string) {
  const datacenter = world.datacenters.get(machine.virtualDatacenter);
  const enterprise = world.enterprises.get(datacenter?.enterprise);
  const user = world.users.get(machine.user);
  const cloud = `${api}/cloud/virtualdatacenters/${machine.virtualDatacenter}`;
  const appliance = `${cloud}/virtualappliances/${machine.virtualAppliance}`;
  const owner = `${api}/admin/enterprises/${enterprise?.id}`;
  return {
    datacenter: cloud,
    self: `${appliance}/virtualmachines/${machine.id}`,
    template: `${owner}/datacenterrepositories/1/virtualmachinetemplates/1`,
    enterprise: typed("enterprise", owner, "enterprise", enterprise?.name ?? ""),
    user: typed("user", `${api}/admin/enterprises/${user?.enterprise}/users/${machine.user}`, "user", `${user?.name} ${user?.surname}`),
    virtualdatacenter: typed("virtualdatacenter", cloud, "virtualdatacenter", datacenter?.name ?? ""),
    virtualappliance: typed("virtualappliance", appliance, "virtualappliance", world.appliances.get(machine.virtualAppliance)?.name ?? ""),
  };
}

const MACHINE_LINKS: Under = [
  ["metadata", "metadata", "metadata", "metadata"],
  ["configurations", "network/configurations", "virtualmachinenetworkconfigurations", "vlan network configurations"],
  ["nics", "network/nics", "nics", "nics"],
  ["harddisks", "storage/disks", "harddisks", "disks"],
  ["undeploy", "action/undeploy", "acceptedrequest", "virtual machine undeploy"],
  ["deploy", "action/deploy", "acceptedrequest", "virtual machine deploy"],
  ["reset", "action/reset", "acceptedrequest", "virtual machine reset"],
  ["instance", "action/instance", "acceptedrequest", "virtual machine snapshot"],
  ["restorebackup", "action/restorebackup", "acceptedrequest", "virtual machine restore backup"],
  ["rdpaccess", "config/rdpaccess", "text/plain", "remote access"],
  ["tasks", "tasks", "tasks", "tasks"],
  ["firewalls", "firewalls", "links", "firewalls"],
  ["loadbalancers", "loadbalancers", "loadbalancers", "load balancers"],
  ["volumes", "storage/volumes", "volumes", "volumes"],
  ["protect", "action/protect", "text/plain", "protect"],
  ["unprotect", "action/unprotect", "text/plain", "unprotect"],
  ["metrics", "metrics", "metrics", "metrics"],
  ["metricsmetadata", "metrics", "metricsmetadata", "metricsmetadata"],
  ["createcustommetric", "metrics", "custommetric", "createcustommetric"],
  ["collectd", "collectd", "application/json", "collectd"],
  ["alarms", "alarms", "alarms", "alarms"],
  ["actionplans", "actionplans", "virtualmachineactionplans", "actionplans"],
  ["actionplansflat", "actionplans", "virtualmachineactionplansflat", "actionplansflat"],
];

/** The ids count from 1 in the order in which Abiquo's own sources name the states. */
const STATE_IDS: Readonly<Record<ShownState, number>> = { NOT_ALLOCATED: 1, ON: 4, OFF: 6, LOCKED: 7 };

export type ShownState = MachineState | "LOCKED";

/** @param state `LOCKED` while one of its tasks waits or runs */
export function machineDto(machine: VirtualMachine, state: ShownState, world: World, api: string): Dto {
  const places = placesOf(machine, world, api);
  return {
    id: machine.id,
    name: machine.name,
    label: machine.name,
    uuid: `00000000-0000-4000-8000-${String(machine.id).padStart(12, "0")}`,
    cpu: machine.cpu,
    ram: machine.ram,
    state,
    idState: STATE_IDS[state],
    type: "MANAGED",
    idType: 0,
    variables: machine.variables ?? {},
    monitored: false,
    protected: false,
    highDisponibility: 0,
    vdrpEnabled: true,
    vdrpPort: 0,
    links: [
      ...placement(machine, world, api),
      typed("edit", places.self, "virtualmachine", machine.name),
      places.enterprise,
      places.user,
      places.virtualdatacenter,
      places.virtualappliance,
      ...under(places.self, MACHINE_LINKS),
      typed("state", `${places.self}/state`, "virtualmachinestate", state),
      ...machine.disksMb.map((sizeInMb, index) => ({
        ...typed(`disk${index}`, `${places.datacenter}/disks/${machine.id * 10 + index}`, "harddisk", `disk-${machine.id * 10 + index}`),
        length: String(sizeInMb),
        diskLabel: `disk ${index}`,
        diskControllerType: "IDE",
      })),
      typed("hypervisortype", `${api}/config/hypervisortypes/KVM`, "hypervisortype", "KVM"),
      typed("virtualmachinetemplate", places.template, "virtualmachinetemplate", "debian-12"),
      typed("category", `${api}/config/categories/1`, "category", "Others"),
    ],
  };
}

/** Where a machine runs: on a host of a private datacenter; a public cloud shows none. */
function placement(machine: VirtualMachine, world: World, api: string): Link[] {
  const location = world.locations.get(world.datacenters.get(machine.virtualDatacenter)?.location);
  if (machine.state === "NOT_ALLOCATED" || location?.kind !== "datacenter") return [];
  const host = `${api}/admin/datacenters/${location.id}/racks/1/machines/1`;
  return [
    typed("machine", host, "machine", "host-1"),
    typed("location", `${api}/cloud/locations/${location.id}`, "datacenter", location.name),
    typed("sendmail", `${host}/virtualmachines/${machine.id}/action/sendmail`, "mail", "send mail"),
  ];
}

/** Disks, volumes and network cards stand inside. */
export function flatMachineDto(machine: VirtualMachine, state: ShownState, world: World, api: string): Dto {
  const dto = machineDto(machine, state, world, api);
  return {
    ...dto,
    links: (dto["links"] as readonly Link[]).filter(({ rel }) => !/^disk\d+$/.test(rel)),
    disks: { links: [], collection: flatDisksOf(machine, world, api) },
    volumes: { links: [], collection: volumesOf(machine, world, api) },
    nics: { links: [], collection: [] },
  };
}

export function machineStateDto(machine: VirtualMachine, state: ShownState, world: World, api: string): Dto {
  const { self } = placesOf(machine, world, api);
  return {
    state,
    links: [typed("parent", self, "virtualmachine", machine.name), typed("edit", `${self}/state`, "virtualmachinestate", state)],
  };
}

export function disksOf(machine: VirtualMachine, world: World, api: string): Dto[] {
  const { self, template } = placesOf(machine, world, api);
  return machine.disksMb.map((sizeInMb, index) => {
    const id = machine.id * 10 + index;
    const edit: Link = { href: `${self}/storage/disks/${id}`, type: "application/vnd.abiquo.harddisk+json", rel: "edit" };
    // Only the first one comes with the template.
    const origin = [
      typed("datastoretier", `${api}/cloud/locations/1/datastoretiers/1`, "datastoretier", "Default tier"),
      typed("disk", `${template}/disks/1`, "disk", "disk"),
    ];
    return {
      id,
      label: `disk ${index}`,
      sizeInMb,
      diskFormatType: "RAW",
      diskFileSize: sizeInMb * 1_048_576,
      path: `disk-${id}`,
      sequence: index,
      bootable: index === 0,
      diskControllerType: "IDE",
      links: index === 0 ? [edit, ...origin] : [edit],
    };
  });
}

/** As they stand inside a flat machine: without a label, and with links to what they belong to. */
function flatDisksOf(machine: VirtualMachine, world: World, api: string): Dto[] {
  const places = placesOf(machine, world, api);
  return disksOf(machine, world, api).map(({ label: _label, ...disk }, index) => ({
    ...disk,
    links: [
      places.virtualdatacenter,
      { href: `${places.self}/storage/disks/${String(disk["id"])}`, type: "application/vnd.abiquo.harddisk+json", rel: `disk${index}` },
      typed("virtualmachine", places.self, "virtualmachine", machine.name),
      ...(index === 0
        ? [
            typed("disk", `${places.template}/disks/1`, "disk", "disk"),
            typed("virtualmachinetemplate", places.template, "virtualmachinetemplate", "debian-12"),
          ]
        : []),
    ],
  }));
}

export function volumesOf(machine: VirtualMachine, world: World, api: string): Dto[] {
  const places = placesOf(machine, world, api);
  return machine.volumesMb.map((sizeInMB, index) => {
    const id = machine.id * 10 + index;
    const name = `volume ${index}`;
    const self = `${places.datacenter}/volumes/${id}`;
    return {
      id,
      name,
      sizeInMB,
      state: "ATTACHED",
      allowResize: true,
      sequence: index,
      bootable: index === 0,
      diskController: "0",
      diskControllerType: "IDE",
      links: [
        typed("edit", self, "volume", name),
        typed("tier", `${places.datacenter}/tiers/1`, "tier", "Default tier"),
        typed("initiatormappings", `${self}/action/initiatormappings`, "initiatormappings", "initiator mappings"),
        places.virtualdatacenter,
        places.virtualappliance,
        typed("virtualmachine", places.self, "virtualmachine", machine.name),
      ],
    };
  });
}

const DATACENTER_LINKS: Under = [
  ["privatenetworks", "privatenetworks", "vlans", "private networks"],
  ["virtualappliances", "virtualappliances", "virtualappliances", "virtual appliances"],
  ["privateips", "action/privateips", "privateips", "private ips"],
  ["externalips", "action/externalips", "externalips", "external ips"],
  ["unmanagedips", "action/unmanagedips", "unmanagedips", "unmanaged ips"],
  ["defaultvlan", "action/defaultvlan", "vlan", "default vlan"],
  ["volumes", "volumes", "volumes", "volumes"],
  ["disks", "disks", "harddisks", "disks"],
  ["topurchase", "publicips/topurchase", "publicips", "ips to purchase"],
  ["purchased", "publicips/purchased", "publicips", "ips purchased"],
  ["statefulcandidates", "volumes/action/statefulcandidates", "volumes", "stateful volumes"],
  ["tiers", "tiers", "tiers", "tiers"],
  ["templates", "action/templates", "virtualmachinetemplates", "available templates"],
  ["virtualmachines", "action/virtualmachines", "virtualmachines", "all virtual machines"],
  ["tasks", "tasks", "tasks", "tasks"],
  ["vappspecs", "vappspecs", "virtualappliancespecs", "virtual appliances specs"],
];

const NETWORK_LINKS: Under = [
  ["edit", "", "vlan", "default_private_network"],
  ["ips", "/ips", "privateips", "ips"],
  ["loadbalancers", "/loadbalancers", "loadbalancers", "load balancers"],
  ["configuration", "/configuration", "networkconfiguration", "configuration"],
  ["network_configuration", "/configuration/1", "networkconfiguration", "10.0.0.0/24"],
];

/** At a region of a public cloud it has every link that there is; at a private datacenter none of the provider's. */
export function datacenterDto(datacenter: VirtualDatacenter, world: World, api: string): Dto {
  const self = `${api}/cloud/virtualdatacenters/${datacenter.id}`;
  const { name } = datacenter;
  const location = world.locations.get(datacenter.location);
  const isPublic = location?.kind === "publiccloudregion";
  const enterprise = `${api}/admin/enterprises/${datacenter.enterprise}`;
  const limit = `${enterprise}/limits/${datacenter.location}`;
  const network = `${self}/privatenetworks/1`;
  return {
    id: datacenter.id,
    name,
    hypervisorType: "KVM",
    syncState: "NONE",
    ...(isPublic ? { providerId: name } : {}),
    ...NO_LIMITS,
    vlan: {
      id: 1,
      name: "default_private_network",
      type: "INTERNAL",
      address: "10.0.0.0",
      mask: 24,
      gateway: "10.0.0.1",
      primaryDNS: "10.0.0.2",
      secondaryDNS: "10.0.0.3",
      defaultNetwork: true,
      ipv6: false,
      strict: false,
      dhcpOptions: { links: [], collection: [] },
      links: [
        typed("virtualdatacenter", self, "virtualdatacenter", name),
        ...NETWORK_LINKS.map(([rel, path, type, title]) => typed(rel, network + path, type, title)),
        ...(isPublic
          ? [typed("availabilityzone", `${api}/cloud/locations/${datacenter.location}/availabilityzones/a`, "availabilityzone", "a")]
          : []),
      ],
    },
    links: [
      typed("edit", self, "virtualdatacenter", name),
      typed("network", `${api}/admin/datacenters/${datacenter.location}/network`, "vlans", "public networks"),
      typed("enterprise", enterprise, "enterprise", world.enterprises.get(datacenter.enterprise)?.name ?? ""),
      ...under(self, DATACENTER_LINKS),
      ...(isPublic ? [typed("region", `${api}/config/hypervisortypes/KVM/regions/1`, "region", location.name)] : []),
      typed("location", `${api}/cloud/locations/${datacenter.location}`, location?.kind ?? "datacenter", location?.name ?? ""),
      typed("limit", limit, "limit", "location limit"),
      typed("externalnetworks", `${limit}/externalnetworks`, "vlans", "externalnetworks"),
    ],
  };
}

export function locationDto({ id, name }: Location, api: string, rel: Location["kind"]): Dto {
  return { id, name, links: [typed("self", `${api}/cloud/locations/${id}`, rel, name)] };
}

/** The limits of an enterprise at one location. */
export function limitDto(enterprise: number, location: Location, api: string): Dto {
  const self = `${api}/admin/enterprises/${enterprise}/limits/${location.id}`;
  return {
    id: location.id,
    ...NO_LIMITS,
    links: [
      typed("edit", self, "limit", "location limit"),
      typed("location", `${api}/cloud/locations/${location.id}`, location.kind, location.name),
    ],
  };
}

const APPLIANCE_LINKS: Under = [
  ["virtualmachines", "virtualmachines", "virtualmachines", "virtual machines"],
  ["state", "state", "virtualappliancestate", "virtual appliances state"],
  ["undeploy", "action/undeploy", "acceptedrequest", "undeploy"],
  ["deploy", "action/deploy", "acceptedrequest", "deploy"],
  ["price", "action/price", "text/plain", "price"],
  ["layers", "layers", "layers", "layers"],
  ["alerts", "alerts", "alerts", "alerts"],
  ["spec", "action/spec", "virtualappliancespec", "spec"],
  ["tasks", "tasks", "tasks", "tasks"],
];

export type ApplianceState = "EMPTY" | "NOT_DEPLOYED" | "DEPLOYED" | "NEEDS_SYNC" | "LOCKED";

export function applianceDto(appliance: VirtualAppliance, state: ApplianceState, world: World, api: string): Dto {
  const datacenter = world.datacenters.get(appliance.virtualDatacenter);
  const cloud = `${api}/cloud/virtualdatacenters/${appliance.virtualDatacenter}`;
  const self = `${cloud}/virtualappliances/${appliance.id}`;
  return {
    id: appliance.id,
    name: appliance.name,
    state,
    error: 0,
    highDisponibility: 0,
    publicApp: 0,
    links: [
      typed("edit", self, "virtualappliance", appliance.name),
      typed("virtualdatacenter", cloud, "virtualdatacenter", datacenter?.name ?? ""),
      typed(
        "enterprise",
        `${api}/admin/enterprises/${datacenter?.enterprise}`,
        "enterprise",
        world.enterprises.get(datacenter?.enterprise)?.name ?? "",
      ),
      ...under(self, APPLIANCE_LINKS),
    ],
  };
}

export function applianceStateDto(appliance: VirtualAppliance, power: ApplianceState, api: string): Dto {
  const self = `${api}/cloud/virtualdatacenters/${appliance.virtualDatacenter}/virtualappliances/${appliance.id}`;
  return {
    power,
    links: [typed("parent", self, "virtualappliance", appliance.name), typed("edit", `${self}/state`, "virtualappliancestate", power)],
  };
}
