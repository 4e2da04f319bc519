import type { IncomingMessage } from "node:http";
import { runDetails } from "./page-details-script.ts";
import { runPage } from "./page-script.ts";
import { ICON, STYLE } from "./page-style.ts";
import { type Language, preferredLanguage, textsIn } from "./page-texts.ts";
import { escaped } from "./xml.ts";

export interface PageFile {
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Nothing inline and nothing from elsewhere: a task's text is written by somebody else. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** One file of the page; undefined when there is none of that path. */
export function pageFile(path: string, request: IncomingMessage, version: string, fixed?: Language): PageFile | undefined {
  const language = fixed ?? preferredLanguage(request.headers["accept-language"]);
  switch (path) {
    case "/":
      return file("text/html", html(language, version));
    case "/simulator/page.css":
      return file("text/css", STYLE);
    case "/simulator/page.js":
      return file("text/javascript", script(language));
    case "/simulator/icon.svg":
      return file("image/svg+xml", ICON);
    default:
      return undefined;
  }
}

function file(type: string, body: string): PageFile {
  const headers = {
    "Content-Type": `${type}; charset=utf-8`,
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
    Vary: "Accept-Language",
  };
  return { headers, body };
}

function script(language: Language): string {
  const texts = JSON.stringify(textsIn(language));
  return `(${String(runPage)})(${texts}, ${JSON.stringify(language)});\n(${String(runDetails)})(${texts});\n`;
}

function html(language: Language, version: string): string {
  const texts = textsIn(language);
  const ask = (type: string, count: number, text: string, isMain = false): string =>
    `<button type="button"${isMain ? ' class="main"' : ""} data-type="${type}" data-count="${count}">${escaped(text)}</button>`;
  const columns = [texts.task, texts.machine, texts.type, texts.requester, texts.state, texts.answer, texts.age, texts.actions];
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(texts.title)}</title>
<link rel="icon" href="/simulator/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/simulator/page.css">
<script src="/simulator/page.js" defer></script>
</head>
<body>
<main>
<header><h1>${escaped(texts.title)}</h1> <span class="version">${escaped(version)}</span></header>
<p class="intro">${escaped(texts.intro)}</p>
<h2 id="ask">${escaped(texts.ask)}</h2>
<div class="wish">
<label>${escaped(texts.who)} <select id="user"><option value="ana">ana</option></select></label>
<label>${escaped(texts.cpu)} <input id="cpu" type="number" min="1" max="256" value="2"></label>
<label>${escaped(texts.ram)} <input id="ram" type="number" min="1" max="4096" value="2"></label>
</div>
<div class="ask" role="group" aria-labelledby="ask">
${ask("DEPLOY", 1, texts.deploy, true)}
${ask("DEPLOY", 12, texts.deployGroup)}
${ask("UNDEPLOY", 1, texts.undeploy)}
${ask("RECONFIGURE", 1, texts.reconfigure)}
</div>
<p id="status" role="status"></p>
<h2 id="list">${escaped(texts.tasks)}</h2>
<p id="empty">${escaped(texts.loading)}</p>
<table id="tasks" role="table" aria-labelledby="list" hidden>
<thead role="rowgroup"><tr role="row">${columns.map((text) => `<th scope="col" role="columnheader">${escaped(text)}</th>`).join("")}</tr></thead>
<tbody id="rows" role="rowgroup"></tbody>
</table>
<h2 id="requests-title">${escaped(texts.requests)}</h2>
<p class="intro">${escaped(texts.requestsIntro)}</p>
<ol id="requests" class="plain" aria-labelledby="requests-title"><li>${escaped(texts.noRequests)}</li></ol>
<h2 id="connection-title">${escaped(texts.connection)}</h2>
<div id="connection" role="group" aria-labelledby="connection-title"></div>
<h2 id="tenants-title">${escaped(texts.tenants)}</h2>
<ul id="tenants" class="plain" aria-labelledby="tenants-title"></ul>
</main>
</body>
</html>
`;
}
