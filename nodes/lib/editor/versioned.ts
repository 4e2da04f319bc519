import { isUnderstood, type MIGRATIONS, versionOf } from "../base/definitions.ts";
import { isEdited } from "./inputs.ts";
import { stored } from "./stored.ts";
import { reason } from "./validators.ts";

type Properties = NodeDefinition["defaults"];

/**
 * The properties of a type of node, with the version of its definitions: new nodes have it, and those that their author
 * changes. A node without one is of the first version, and stays so as long as nobody changes it.
 *
 * The editor loads no properties but these: what a migration reads stays among them.
 */
export function versioned(type: keyof typeof MIGRATIONS, properties: Properties): Properties {
  const judged = Object.entries(properties).map(([name, property]) => [name, judgedAsStored(name, property)]);
  return {
    ...Object.fromEntries(judged),
    version: {
      value: versionOf(type),
      validate: (version, options) => version === undefined || isUnderstood(type, version) || reason(options, "version"),
    },
  };
}

/** What is stored in an older form is judged as the node will read it. */
function judgedAsStored(name: string, property: NodeProperty): NodeProperty {
  const { validate } = property;
  if (validate === undefined) return property;
  return {
    ...property,
    validate(value, options) {
      const isStored = !isEdited(this) && value === this[name];
      return validate.call(this, isStored ? stored(this)[name] : value, options);
    },
  };
}
