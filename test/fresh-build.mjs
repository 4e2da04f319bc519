import { buildIfStale } from "../scripts/fresh.mjs";

buildIfStale();
