/** What specs use of Node-RED's editor inside the browser, as 4.1 and 5 have it. */

/** A node in the editor. What stands in its properties is whatever a flow file holds. */
interface EditorNode {
  readonly id: string;
  readonly type: string;
  readonly _def: NodeDefinition;
  readonly valid: boolean;
  /** why it is not valid, by property */
  readonly validationErrors?: readonly (string | readonly string[])[];
  /** whether it differs from what is deployed */
  changed?: boolean;
  [property: string]: unknown;
}

interface NodeDefinition {
  readonly category: string;
  readonly inputs?: number;
  readonly outputs: number;
  readonly defaults: Readonly<
    Record<string, { readonly value?: unknown; validate?(this: EditorNode, value: unknown, options: object): boolean | string | string[] }>
  >;
  inputLabels(): string;
  outputLabels(port: number): string;
  label(): string;
}

/** A node as flow files hold it. */
interface ExportedNode {
  readonly id: string;
  readonly type: string;
  readonly [property: string]: unknown;
}

declare const RED: {
  readonly nodes: {
    node(id: string): EditorNode | null;
    getType(type: string): NodeDefinition;
    getNodeHelp(type: string): string;
    eachNode(visit: (node: EditorNode) => void): void;
    eachConfig(visit: (node: EditorNode) => void): void;
    filterNodes(filter: { readonly type: string }): EditorNode[];
    createExportableNodeSet(nodes: readonly (EditorNode | null)[]): ExportedNode[];
    import(nodes: readonly object[], options?: { readonly generateIds?: boolean }): { readonly nodes: EditorNode[] };
    remove(id: string): void;
    clear(): void;
    version(revision: string): void;
    /** whether something is not deployed */
    dirty(is?: boolean): boolean;
  };
  readonly history: { clear(): void };
  readonly view: { redraw(updateActive?: boolean): void };
  readonly editor: {
    edit(node: EditorNode): void;
    /** @param id of the node, or `_ADD_` for a new one */
    editConfig(property: string, type: string, id: string): void;
    validateNode(node: EditorNode): boolean;
  };
  readonly utils: { getNodeColor(type: string, definition: NodeDefinition): string };
  readonly clipboard: { copyText: (text: string) => void };
};

/** The widget of Node-RED that specs use. */
interface JQuery {
  typedInput(method: "value" | "type"): string;
  typedInput(method: "value" | "type", value: string): this;
}

/** What the editor would have copied, where a spec looks. */
interface Window {
  copied?: string;
}
