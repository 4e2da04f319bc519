import { buildIfStale } from "../scripts/fresh.mjs";

// Where specs run in parallel, the process that shares them out has looked before it starts those that run them.
if (process.env["MOCHA_WORKER_ID"] === undefined) buildIfStale();
