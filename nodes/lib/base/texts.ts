/** Keys of texts with the names of the values that are filled in, as whoever asks for them declares them. */
export type TextList = Readonly<Record<string, readonly string[]>>;

/** The values of a text, for the end of a list of parameters; of several texts, those of all of them. */
export type Filling<Name extends string> = [Name] extends [never] ? [] : [values: { readonly [Each in Name]: string | number }];

/** Finds a text of a list, in the language of whoever it is for. */
export type TextOf<Texts extends TextList> = <Key extends keyof Texts & string>(
  key: Key,
  ...filling: Filling<Texts[Key][number]>
) => string;
