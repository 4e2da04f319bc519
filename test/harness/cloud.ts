import { type Link, typed } from "./dto.ts";
import type { VirtualMachine, World } from "./world.ts";

type Dto = Record<string, unknown>;

/** Links of one kind of thing: relation, path under it, media type, title. */
type Under = readonly (readonly [rel: string, path: string, type: string, title: string])[];

function under(self: string, links: Under): Link[] {
  return links.map(([rel, path, type, title]) => typed(rel, `${self}/${path}`, type, title));
}

/** Where the things of one machine are, and what they are called. */
function placesOf(machine: VirtualMachine, world: World, api: string) {
  const user = world.users.find(({ id }) => id === machine.user);
  const enterprise = world.enterprises.find(({ id }) => id === user?.enterprise);
  const datacenter = `${api}/cloud/virtualdatacenters/${machine.virtualDatacenter}`;
  const appliance = `${datacenter}/virtualappliances/${machine.virtualAppliance}`;
  const owner = `${api}/admin/enterprises/${enterprise?.id}`;
  return {
    datacenter,
    self: `${appliance}/virtualmachines/${machine.id}`,
    template: `${owner}/datacenterrepositories/1/virtualmachinetemplates/1`,
    enterprise: typed("enterprise", owner, "enterprise", enterprise?.name ?? ""),
    user: typed("user", `${owner}/users/${machine.user}`, "user", `${user?.name} ${user?.surname}`),
    virtualdatacenter: typed("virtualdatacenter", datacenter, "virtualdatacenter", `vdc-${machine.virtualDatacenter}`),
    virtualappliance: typed("virtualappliance", appliance, "virtualappliance", `vapp-${machine.virtualAppliance}`),
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
const MACHINE_STATES = { NOT_ALLOCATED: 1, ON: 4, LOCKED: 7 } as const;

/** @param isLocked while one of its tasks waits */
export function machineDto(machine: VirtualMachine, isLocked: boolean, world: World, api: string, version: string): Dto {
  const state = isLocked ? "LOCKED" : machine.isDeployed ? "ON" : "NOT_ALLOCATED";
  const places = placesOf(machine, world, api);
  return {
    id: machine.id,
    name: machine.name,
    // The servers of the 3.x line have no label.
    ...(version.startsWith("3.") ? {} : { label: machine.name }),
    uuid: `00000000-0000-4000-8000-${String(machine.id).padStart(12, "0")}`,
    cpu: machine.cpu,
    ram: machine.ram,
    state,
    idState: MACHINE_STATES[state],
    type: "MANAGED",
    idType: 0,
    variables: {},
    monitored: false,
    protected: false,
    highDisponibility: 0,
    vdrpEnabled: true,
    vdrpPort: 0,
    links: [
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

/** The enterprise that has machines there; Acme where nobody has. */
function ownerOf(world: World, isThere: (machine: VirtualMachine) => boolean): { id: number; name: string } {
  const machine = [...world.machines.values()].find(isThere);
  const user = world.users.find(({ id }) => id === machine?.user);
  return world.enterprises.find(({ id }) => id === (user?.enterprise ?? 2)) ?? { id: 2, name: "Acme" };
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

const NO_LIMITS = {
  cpuCountSoftLimit: 0,
  cpuCountHardLimit: 0,
  ramSoftLimitInMb: 0,
  ramHardLimitInMb: 0,
  diskSoftLimitInMb: 0,
  diskHardLimitInMb: 0,
  storageSoftInMb: 0,
  storageHardInMb: 0,
  vlansSoft: 0,
  vlansHard: 0,
  publicIpsSoft: 0,
  publicIpsHard: 0,
};

/** A virtual datacenter at a public cloud region, which has every link that there is. */
export function datacenterDto(id: string, world: World, api: string): Dto {
  const self = `${api}/cloud/virtualdatacenters/${id}`;
  const name = `vdc-${id}`;
  const { id: owner, name: ownerName } = ownerOf(world, (machine) => String(machine.virtualDatacenter) === id);
  const enterprise = `${api}/admin/enterprises/${owner}`;
  const network = `${self}/privatenetworks/1`;
  return {
    id: Number(id),
    name,
    hypervisorType: "KVM",
    syncState: "NONE",
    providerId: name,
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
        typed("availabilityzone", `${api}/cloud/locations/1/availabilityzones/a`, "availabilityzone", "a"),
      ],
    },
    links: [
      typed("edit", self, "virtualdatacenter", name),
      typed("network", `${api}/admin/datacenters/1/network`, "vlans", "public networks"),
      typed("enterprise", enterprise, "enterprise", ownerName),
      ...under(self, DATACENTER_LINKS),
      typed("region", `${api}/config/hypervisortypes/KVM/regions/1`, "region", "Madrid"),
      typed("location", `${api}/cloud/locations/1`, "publiccloudregion", "Madrid"),
      typed("limit", `${enterprise}/limits/1`, "limit", "location limit"),
      typed("externalnetworks", `${enterprise}/limits/1/externalnetworks`, "vlans", "externalnetworks"),
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

export function applianceDto(datacenterId: string, id: string, world: World, api: string): Dto {
  const datacenter = `${api}/cloud/virtualdatacenters/${datacenterId}`;
  const self = `${datacenter}/virtualappliances/${id}`;
  const owner = ownerOf(world, (machine) => String(machine.virtualAppliance) === id);
  return {
    id: Number(id),
    name: `vapp-${id}`,
    state: "LOCKED",
    error: 0,
    highDisponibility: 0,
    publicApp: 0,
    links: [
      typed("edit", self, "virtualappliance", `vapp-${id}`),
      typed("virtualdatacenter", datacenter, "virtualdatacenter", `vdc-${datacenterId}`),
      typed("enterprise", `${api}/admin/enterprises/${owner.id}`, "enterprise", owner.name),
      ...under(self, APPLIANCE_LINKS),
    ],
  };
}
