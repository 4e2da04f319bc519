import { Html } from "./html.ts";

const PATHS = {
  check: "M5 13l4.5 4.5L19 7",
  cross: "M6 6l12 12M18 6L6 18",
  clock: "M12 3a9 9 0 100 18 9 9 0 000-18M12 7v5l3.5 2",
  pause: "M9 6v12M15 6v12",
  back: "M9 7l-5 5 5 5M4 12h10a6 6 0 016 6",
  hand: "M4 12h15M13 6l6 6-6 6",
  bell: "M6 16v-5a6 6 0 1112 0v5l1.5 2h-15zM10 21h4",
  up: "M12 20V5M6 11l6-6 6 6",
  alert: "M12 4l9.5 16h-19zM12 10v4.5M12 17.2v.1",
  mail: "M3 6h18v12H3zM3 7l9 7 9-7",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 017 0v3",
  server: "M4 5h16v6H4zM4 13h16v6H4zM7.5 8h.1M7.5 16h.1",
  inbox: "M4 13l3-8h10l3 8v6H4zM4 13h5l1.5 2.5h3L15 13h5",
} as const;

export type IconName = keyof typeof PATHS;

/** A drawing beside words that say the same. */
export function icon(name: IconName, look = ""): Html {
  return new Html(
    `<svg class="icon${look === "" ? "" : ` ${look}`}" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="${PATHS[name]}"/></svg>`,
  );
}

export const MARK = new Html(
  '<svg viewBox="0 0 32 32" aria-hidden="true" focusable="false"><rect width="32" height="32" rx="8" fill="#00616b"/><path d="M9 17l5 5 9-12" fill="none" stroke="#fff" stroke-width="3.5" stroke-linecap="round" stroke-linejoin="round"/></svg>',
);
