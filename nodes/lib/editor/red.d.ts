/** What we use of Node-RED's editor, as 4.1 and 5 have it. */

/** A node in the editor. What stands in its properties is whatever a flow file holds. */
interface EditorNode {
  readonly id: string;
  readonly type: string;
  readonly _def: NodeDefinition;
  /** undefined while the editor has not fetched them */
  readonly credentials?: Readonly<Record<string, unknown>>;
  /** A text of the node's own catalogue. */
  _(key: string, values?: TextValues): string;
  [property: string]: unknown;
}

type TextValues = Readonly<Record<string, unknown>>;

/** True, false without a reason, or the reasons. */
type Judgement = boolean | string | string[];

interface ValidationOptions {
  /** what the property is called, where Node-RED wants reasons */
  readonly label?: string;
}

interface NodeProperty {
  /** of a new node; properties that are config nodes may have none */
  readonly value?: unknown;
  /** the type of the config node that is chosen here */
  readonly type?: string;
  readonly required?: boolean;
  readonly label?: string;
  validate?(this: EditorNode, value: unknown, options?: ValidationOptions): Judgement;
}

interface NodeDefinition {
  readonly category: string;
  readonly categoryDescription?: string;
  readonly color?: string;
  readonly icon?: string;
  readonly inputs?: number;
  readonly outputs?: number;
  readonly defaults: Readonly<Record<string, NodeProperty>>;
  readonly credentials?: Readonly<Record<string, { readonly type: "text" | "password" }>>;
  inputLabels?(): string;
  outputLabels?(index: number): string;
  paletteLabel?(): string;
  label(): string;
  labelStyle?(): string;
  oneditprepare?(): void;
  oneditsave?(): void;
  oneditcancel?(): void;
  oneditdelete?(): void;
  oneditresize?(size: { readonly width: number; readonly height: number }): void;
}

interface EditorTab {
  readonly id: string;
  readonly label: string;
}

interface EditorTabs {
  addTab(tab: EditorTab): void;
  activateTab(id: string): void;
}

declare const RED: {
  readonly nodes: {
    registerType(type: string, definition: NodeDefinition & ThisType<EditorNode>): void;
    node(id: unknown): EditorNode | null | undefined;
    workspace(id: unknown): { readonly label: string } | undefined;
    filterNodes(filter: { readonly type: string }): EditorNode[];
    eachConfig(visit: (node: EditorNode) => boolean | undefined): void;
  };
  readonly editor: {
    /** of open dialogs, the innermost last */
    getEditStack(): readonly unknown[];
    prepareConfigNodeSelect?: unknown;
  };
  readonly utils: {
    getNodeLabel(node: EditorNode, otherwise: string): string;
    validateTypedProperty(value: string, type: string, options?: ValidationOptions): Judgement;
  };
  readonly settings: { readonly httpNodeRoot?: string; readonly [setting: string]: unknown };
  readonly tabs: {
    create(options: { readonly id: string; onchange(tab: EditorTab): void }): EditorTabs;
  };
  readonly tray: { resize(): void };
  readonly clipboard: {
    copyText(text: string, element: JQuery, message: string): boolean;
  };
  readonly events: {
    on(event: string, listener: (...values: unknown[]) => void): void;
    off(event: string, listener: (...values: unknown[]) => void): void;
  };
  /** the language that the editor speaks, such as `en-US` */
  readonly i18n: { lang(): string };
  _(key: string, values?: TextValues): string;
};

interface TypedInputType {
  readonly value: string;
  readonly label?: string;
  readonly icon?: string;
  readonly options?: readonly (string | { readonly value: string; readonly label: string })[];
  readonly multiple?: boolean;
  readonly hasValue?: boolean;
}

interface EditableListOptions<Row> {
  readonly addButton?: boolean | string;
  readonly sortable?: boolean;
  readonly removable?: boolean;
  readonly scrollOnAdd?: boolean;
  addItem(container: JQuery, index: number, row: Partial<Row>): void;
  sortItems?(): void;
  removeItem?(): void;
}

/** The widgets that Node-RED adds to jQuery. */
interface JQuery {
  typedInput(options: {
    readonly default?: string;
    readonly types: readonly (string | TypedInputType)[];
    readonly typeField?: string | JQuery;
  }): this;
  typedInput(method: "value" | "type"): string;
  typedInput(method: "value" | "type", value: string): this;
  typedInput(method: "show"): this;
  typedInput(method: "validate"): boolean;
  editableList<Row>(options: EditableListOptions<Row>): this;
  editableList(method: "items"): JQuery;
  editableList<Row>(method: "addItem", row: Row): void;
  editableList<Row>(method: "addItems", rows: readonly Row[]): void;
  editableList(method: "height", pixels: number): void;
}
