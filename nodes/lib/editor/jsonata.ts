// Stands for the package in what the browser loads: the editor brings its own.
export default (globalThis as unknown as { readonly jsonata: typeof import("jsonata") }).jsonata;
