/** Addresses with the same first bits. */
export interface Network {
  readonly family: "ipv4" | "ipv6";
  readonly address: string;
  /** how many bits */
  readonly prefix: number;
}

const BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = `(?:${BYTE}\\.){3}${BYTE}`;
const IPV4_ONLY = new RegExp(`^${IPV4}$`);
/** An IPv4 address at the end of one of IPv6, where it stands for two groups (RFC 4291 section 2.2). */
const IPV4_END = new RegExp(`:${IPV4}$`);
const GROUP = /^[\da-f]{1,4}$/i;
const GROUPS = 8;

const WIDEST = { ipv4: 32, ipv6: 128 } as const;

/** Reads an address, or a network as CIDR writes it: `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`; undefined for anything else. */
export function networkIn(text: string): Network | undefined {
  const [address = "", bits, ...more] = text.split("/");
  const family = familyOf(address);
  if (family === undefined || more.length > 0) return undefined;
  if (bits === undefined) return { family, address, prefix: WIDEST[family] };
  const prefix = /^\d+$/.test(bits) ? Number(bits) : Number.NaN;
  return prefix <= WIDEST[family] ? { family, address, prefix } : undefined;
}

/** Of which kind an address is. One with a zone is none: it means something on one machine only. */
export function familyOf(address: string): Network["family"] | undefined {
  if (IPV4_ONLY.test(address)) return "ipv4";
  return isIpv6(address) ? "ipv6" : undefined;
}

function isIpv6(address: string): boolean {
  const [left = "", right, ...more] = address.replace(IPV4_END, ":0:0").split("::");
  if (more.length > 0) return false;
  const groups = [left, right ?? ""].flatMap((side) => (side === "" ? [] : side.split(":")));
  if (!groups.every((group) => GROUP.test(group))) return false;
  // Two colons stand for at least one group.
  return right === undefined ? groups.length === GROUPS : groups.length < GROUPS;
}
