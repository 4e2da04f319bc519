export interface Link {
  readonly rel: string;
  readonly href: string;
  readonly type?: string;
  readonly title?: string;
  readonly [attribute: string]: string | undefined;
}

/** @param type the name of an Abiquo media type, or a whole media type */
export function typed(rel: string, href: string, type: string, title: string): Link {
  return { href, type: type.includes("/") ? type : `application/vnd.abiquo.${type}+json`, rel, title };
}

/** Links of one kind of thing: relation, path under it, media type, title. */
export type Under = readonly (readonly [rel: string, path: string, type: string, title: string])[];

export function under(self: string, links: Under): Link[] {
  return links.map(([rel, path, type, title]) => typed(rel, `${self}/${path}`, type, title));
}

export type Dto = Record<string, unknown>;
