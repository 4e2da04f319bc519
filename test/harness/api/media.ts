/** `json` or `xml` of an Abiquo media type, and the version that was asked for with it. */
export interface Representation {
  /** name of the media type, as `task`; empty for plain text */
  readonly name: string;
  readonly format: "json" | "xml" | "text";
  /** major.minor, as asked; undefined = the server's own */
  readonly version: string | undefined;
}

interface MediaRange {
  readonly type: string;
  readonly version: string | undefined;
  readonly quality: number;
}

/** The media ranges of an Accept header, the most wanted first (RFC 9110, section 12.5.1). */
function rangesOf(accept: string): MediaRange[] {
  const ranges = accept.split(",").flatMap((part): MediaRange[] => {
    const [type = "", ...parameters] = part.split(";").map((text) => text.trim());
    if (type === "") return [];
    const parameter = (name: string): string | undefined =>
      parameters.find((text) => text.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);
    const quality = Number(parameter("q") ?? 1);
    return Number.isFinite(quality) && quality > 0 ? [{ type: type.toLowerCase(), version: parameter("version"), quality }] : [];
  });
  return ranges.sort((a, b) => b.quality - a.quality);
}

/** The name and format of a media type of Abiquo; without a suffix newer servers assume JSON (Abiquo wiki, "Basic behaviors"). */
function vendorType(type: string): { name: string; format: "json" | "xml" } | undefined {
  const match = /^application\/vnd\.abiquo\.([a-z0-9-]+?)(?:\+(json|xml))?$/.exec(type);
  return match === null ? undefined : { name: match[1] ?? "", format: match[2] === "xml" ? "xml" : "json" };
}

/**
 * What a request wants of what a resource has; undefined when it has nothing that is accepted.
 *
 * @param produces names of media types, the resource's own choice first; `text/plain` for plain text
 */
export function negotiate(accept: string | undefined, produces: readonly string[]): Representation | undefined {
  const own = (name: string): Representation => ({
    name: name === "text/plain" ? "" : name,
    format: name === "text/plain" ? "text" : "json",
    version: undefined,
  });
  const [first] = produces;
  if (first === undefined) return { name: "", format: "text", version: undefined };
  for (const { type, version } of rangesOf(accept ?? "*/*")) {
    if (type === "*/*" || type === "application/*" || (type === "text/plain" && produces.includes("text/plain"))) {
      return type === "text/plain" ? own("text/plain") : own(first);
    }
    const vendor = vendorType(type);
    if (vendor !== undefined && produces.includes(vendor.name)) return { ...vendor, version };
  }
  return undefined;
}

/** Whether a body of this Content-Type is one that a resource takes, and in which format it is. */
export function consumed(contentType: string | undefined, consumes: readonly string[]): "json" | "xml" | undefined {
  const vendor = vendorType((contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "");
  return vendor !== undefined && consumes.includes(vendor.name) ? vendor.format : undefined;
}

/** The version that a header names, whatever the media type. */
export function versionIn(header: string | undefined): string | undefined {
  return /;\s*version=(\d+\.\d+)/.exec(header ?? "")?.[1];
}

/** Negative when a version is older than another: 3.9 is older than 3.10. */
export function compareVersions(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split(".").map(Number);
  const [majorB = 0, minorB = 0] = b.split(".").map(Number);
  return majorA === majorB ? minorA - minorB : majorA - majorB;
}
