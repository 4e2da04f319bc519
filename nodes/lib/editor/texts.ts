const MODULE = "@abiquo-workflow/node-red-abiquo/";

/** The name of a text as it is asked for: a plural is asked for without its ending. */
type Asked<Name extends string> = Name extends `${infer Stem}_one` | `${infer Stem}_other` ? Stem : Name;

/** The keys of the texts in a catalogue, with dots between. */
export type Keys<Catalogue> = {
  [Name in keyof Catalogue & string]: Catalogue[Name] extends string ? Asked<Name> : `${Name}.${Keys<Catalogue[Name]>}`;
}[keyof Catalogue & string];

/** A text of one catalogue, in the editor's language. */
export type Say<Catalogue> = (key: Keys<Catalogue>, values?: TextValues) => string;

/**
 * The texts of a node type, whose keys are known by the types of its English catalogue.
 *
 * @param type such as `abiquo-approval`
 */
export function textsOf<Catalogue>(type: string): Say<Catalogue> {
  return (key, values) => RED._(`${MODULE}${type}:${type}.${key}`, values);
}
