export interface Page {
  readonly status: number;
  readonly html: string;
}

/** What somebody who may come in can do there. */
export interface Place {
  /** Looking changes nothing. */
  show(): Promise<Page>;
  /** What the page's form does. */
  submit(form: URLSearchParams): Promise<Page>;
}
