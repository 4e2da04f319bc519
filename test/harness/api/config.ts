import { propertyDto } from "../dto/people.ts";
import type { SystemProperty } from "../world/world.ts";
import { ApiError } from "./errors.ts";
import type { Call, Result, Route } from "./route.ts";

const PROPERTY = "/config/properties/{property}";

/** System properties. */
export const CONFIG_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/config/properties",
    privileges: ["AUTHENTICATED", "SYSCONFIG_VIEW"],
    produces: ["systemproperties"],
    handle: properties,
  },
  {
    method: "POST",
    path: "/config/properties",
    privileges: ["SYSCONFIG_ALLOW_MODIFY"],
    consumes: ["systemproperty"],
    produces: ["systemproperty"],
    handle: createProperty,
  },
  {
    method: "PUT",
    path: "/config/properties",
    privileges: ["SYSCONFIG_ALLOW_MODIFY"],
    consumes: ["systemproperties"],
    produces: ["systemproperties"],
    handle: replaceProperties,
  },
  {
    method: "GET",
    path: PROPERTY,
    privileges: ["SYSCONFIG_VIEW"],
    produces: ["systemproperty"],
    handle: (call) => ({ dto: propertyDto(propertyOf(call), call.abiquo.url) }),
  },
  {
    method: "PUT",
    path: PROPERTY,
    privileges: ["SYSCONFIG_ALLOW_MODIFY"],
    consumes: ["systemproperty"],
    produces: ["systemproperty"],
    handle: writeProperty,
  },
  { method: "DELETE", path: PROPERTY, privileges: ["SYSCONFIG_ALLOW_MODIFY"], handle: deleteProperty },
];

function propertyOf(call: Call): SystemProperty {
  const property = call.world.properties.find(({ id }) => String(id) === call.id("property"));
  if (property === undefined) throw new ApiError("SYSPROP-0");
  return property;
}

function listed(call: Call, found: readonly SystemProperty[]): Result {
  return { dto: { links: [], collection: found.map((property) => propertyDto(property, call.abiquo.url)) } };
}

function properties(call: Call): Result {
  const name = call.query.get("name");
  const component = call.query.get("component");
  const all = call.world.properties.filter((property) => name === null || property.name === name);
  return listed(call, component === null ? all : all.filter((property) => property.name.startsWith(`${component}.`)));
}

/** The description is copied as it is, null and absent included (2.0, `SystemPropertyService.java`). */
function fieldsOf(value: Readonly<Record<string, unknown>>): Omit<SystemProperty, "id"> {
  const { name, value: text, description } = value;
  if (typeof name !== "string" || name === "") throw new ApiError("CONSTR-NOTNULL");
  return { name, value: String(text ?? ""), ...(typeof description === "string" ? { description } : {}) };
}

function writeProperty(call: Call): Result {
  const property = propertyOf(call);
  const fields = fieldsOf(call.value);
  delete property.description;
  Object.assign(property, fields);
  return { dto: propertyDto(property, call.abiquo.url) };
}

function createProperty(call: Call): Result {
  const fields = fieldsOf(call.value);
  const { world } = call;
  if (world.properties.some(({ name }) => name === fields.name)) throw new ApiError("SYSPROP-1");
  const property = { id: world.nextId(), ...fields };
  world.properties.push(property);
  return { status: 201, dto: propertyDto(property, call.abiquo.url) };
}

/** As the real one: what is not sent is deleted. */
function replaceProperties(call: Call): Result {
  const { collection } = call.value;
  if (!Array.isArray(collection)) throw new ApiError("GEN-2");
  const { world } = call;
  const component = call.query.get("component");
  const kept = component === null ? [] : world.properties.filter(({ name }) => !name.startsWith(`${component}.`));
  const created = (collection as unknown[]).map((item) => {
    if (typeof item !== "object" || item === null) throw new ApiError("GEN-2");
    return { id: world.nextId(), ...fieldsOf(item as Record<string, unknown>) };
  });
  world.properties = [...kept, ...created];
  return listed(call, created);
}

function deleteProperty(call: Call): Result {
  const { id } = propertyOf(call);
  call.world.properties = call.world.properties.filter((property) => property.id !== id);
  return {};
}
