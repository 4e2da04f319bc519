// Draws the house as it stands into docs/architecture.svg: rooms from the folders, arrows from the imports.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ARROWS, folderOf, importsOf, roomOf, sources, within } from "./house.ts";

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const PLACES: Readonly<Record<string, Box>> = {
  node: { x: 160, y: 20, width: 800, height: 92 },
  cli: { x: 20, y: 20, width: 120, height: 92 },
  "node-red": { x: 160, y: 172, width: 416, height: 56 },
  editor: { x: 692, y: 172, width: 172, height: 56 },
  engine: { x: 20, y: 288, width: 556, height: 56 },
  abiquo: { x: 20, y: 404, width: 172, height: 56 },
  ledger: { x: 212, y: 404, width: 172, height: 56 },
  pages: { x: 404, y: 404, width: 172, height: 56 },
  rules: { x: 596, y: 404, width: 172, height: 56 },
  approval: { x: 788, y: 404, width: 172, height: 56 },
  base: { x: 20, y: 520, width: 940, height: 44 },
};

const PURPOSES: Readonly<Record<string, string>> = {
  "node-red": "all that knows Node-RED",
  editor: "what dialogs share",
  engine: "intake, answers, approvals at work",
  abiquo: "HTTP client, model",
  ledger: "what must survive",
  pages: "HTML, mail, chat",
  rules: "decision rules",
  approval: "levels, votes, links",
  base: "faults, JSON, lists, concurrency, backoff, clock",
  cli: "the commands",
};

/** The arrows between rooms that the imports of all sources make. */
export function arrows(): readonly (readonly [from: string, to: string])[] {
  const found = new Set(
    sources.flatMap(importsOf).flatMap(({ from, to }) => (sources.includes(to) ? [`${roomOf(from)} ${roomOf(to)}`] : [])),
  );
  return [...found]
    .map((pair) => pair.split(" ") as [string, string])
    .filter(([from, to]) => from !== to)
    .sort();
}

/**
 * The picture, as SVG. An arrow that the plan does not have is red.
 */
export function picture(): string {
  const rooms = Object.keys(PLACES).filter((room) => room !== "node");
  const drawn = arrows().filter(([from, to]) => !isImplied(from, to));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 980 584" font-family="system-ui, sans-serif" role="img" aria-label="The rooms of the house and the arrows between them">`,
    `<style>rect{fill:#fff;stroke:#57606a}.band{fill:#eef6f7}.leaf{fill:#f6f8fa}text{fill:#1f2328;font-size:14px}.small{font-size:11px;fill:#57606a}path{fill:none;stroke:#0b7285;stroke-width:1.5}.wrong{stroke:#cf222e;stroke-width:3}</style>`,
    `<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" style="fill:#0b7285;stroke:none"/></marker></defs>`,
    `<rect width="980" height="584" style="stroke:none"/>`,
    ...nodes(),
    ...rooms.map(room),
    ...drawn.map(([from, to]) => arrow(from, to)),
    "</svg>",
    "",
  ].join("\n");
}

/** A room may use all that lies below those that it may use: such an arrow would only hide the others. */
function isImplied(from: string, to: string): boolean {
  return within(from).has(to) && !ARROWS[from]?.includes(to);
}

function nodes(): string[] {
  const names = [...new Set(sources.flatMap((source) => folderOf(source) ?? []))].sort();
  const { x, y, width, height } = PLACES["node"] as Box;
  const each = (width - 20) / names.length;
  const boxes = names.map((name, at) => {
    const left = x + 10 + at * each;
    const lines = name.length > 12 ? name.split("-") : [name];
    const words = lines.map((line, row) => label(left + each / 2 - 3, y + 62 + (row - (lines.length - 1) / 2) * 16, line, "", 12));
    return `<rect x="${round(left)}" y="${y + 30}" width="${round(each - 6)}" height="${height - 40}" rx="4"/>${words.join("")}`;
  });
  return [
    rectangle(PLACES["node"] as Box, "band"),
    label(x + width / 2, y + 20, "nodes/: one folder a node, each with its work, its dialog, its texts"),
    ...boxes,
  ];
}

function room(name: string): string {
  const box = PLACES[name] as Box;
  const middle = box.x + box.width / 2;
  const top = box.y + box.height / 2;
  return [
    rectangle(box, name === "base" ? "leaf" : ""),
    label(middle, top - 4, name === "cli" ? "cli" : `lib/${name}`),
    label(middle, top + 14, PURPOSES[name] ?? "", "small", 11),
  ].join("");
}

function arrow(from: string, to: string): string {
  const [start, end] = [placeOf(from), placeOf(to)];
  const x1 = from === "dialog" ? end.x + end.width / 2 : between(start, end);
  const x2 = from === "engine" || from === "editor" ? end.x + end.width / 2 : x1;
  const way = `M${round(clamp(x1, start))} ${start.y + start.height} L${round(clamp(x2, end))} ${end.y - 2}`;
  return `<path d="${way}" marker-end="url(#tip)"${within(from).has(to) ? "" : ' class="wrong"'}/>`;
}

function placeOf(name: string): Box {
  return PLACES[name === "dialog" ? "node" : name] as Box;
}

/** Where a line straight down from one box meets the other; the middle of the lower one where none does. */
function between(start: Box, end: Box): number {
  const [left, right] = [Math.max(start.x, end.x), Math.min(start.x + start.width, end.x + end.width)];
  return left < right ? (left + right) / 2 : end.x + end.width / 2;
}

function clamp(x: number, { x: left, width }: Box): number {
  return Math.min(Math.max(x, left + 12), left + width - 12);
}

function rectangle({ x, y, width, height }: Box, kind: string): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="6"${kind === "" ? "" : ` class="${kind}"`}/>`;
}

function label(x: number, y: number, text: string, kind = "", size = 14): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="middle" style="font-size:${size}px"${kind === "" ? "" : ` class="${kind}"`}>${text}</text>`;
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(join(import.meta.dirname, "../docs/architecture.svg"), picture());
  const wrong = arrows().filter(([from, to]) => !within(from).has(to));
  for (const [from, to] of wrong) console.error(`${from} must not use ${to}`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}
