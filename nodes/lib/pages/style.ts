/** The style sheet of every page. Texts keep 4.5:1 against what is behind them, edges and icons 3:1, in light and in dark. */
export const STYLE = `:root {
  color-scheme: light dark;
  --back: #f3f5f7; --card: #fff; --sunken: #f3f5f7; --text: #17212b; --dim: #53606d; --line: #dbe1e7; --edge: #7a8793;
  --accent: #00616b; --accent-strong: #004b53; --on-accent: #fff; --tint: #e3f1f2;
  --good: #14652f; --good-back: #e2f4e7; --bad: #a4201a; --bad-back: #fdeae8; --held: #6e4a00; --held-back: #fdf1d2; --calm: #42505d; --calm-back: #e9edf1;
  --shadow: 0 1px 2px #17212b14, 0 4px 16px #17212b0d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #10151a; --card: #1a2128; --sunken: #12181d; --text: #e8edf2; --dim: #a6b2bd; --line: #313b45; --edge: #7f8d9a;
    --accent: #5ccbd6; --accent-strong: #8adde5; --on-accent: #04252a; --tint: #17343a;
    --good: #8fdfa7; --good-back: #16351f; --bad: #ffa79f; --bad-back: #45191a; --held: #ffd977; --held-back: #3b2e0c; --calm: #c3ced8; --calm-back: #2b353f;
    --shadow: none;
  }
}
*, ::before, ::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding: 1rem 0 8rem; }
html:has(.bulk) { scroll-padding-bottom: 20rem; }
body { margin: 0; background: var(--back); color: var(--text); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif; overflow-wrap: anywhere; }
h1, h2, h3, p, ol, ul, dl, dd, fieldset, blockquote { margin: 0; padding: 0; }
h1 { font-size: 1.6rem; line-height: 1.2; letter-spacing: -.015em; text-wrap: balance; }
h2 { font-size: 1.1rem; line-height: 1.3; }
ol, ul { list-style: none; }
fieldset { min-width: 0; border: 0; }
a { color: var(--accent); text-underline-offset: .18em; }
a:hover { color: var(--accent-strong); text-decoration-thickness: 2px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: .3rem; }
.icon { width: 1.25em; height: 1.25em; flex: none; vertical-align: -.25em; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.hidden { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.dim { color: var(--dim); }
.small { font-size: .9rem; }
.ago { color: var(--dim); white-space: nowrap; }

.skip { position: absolute; inset: .5rem auto auto .5rem; z-index: 3; padding: .6rem 1rem; border-radius: .5rem; background: var(--accent); color: var(--on-accent); }
.skip:hover { color: var(--on-accent); }
.skip:not(:focus) { clip-path: inset(50%); pointer-events: none; }
.top { background: var(--card); border-bottom: 1px solid var(--line); }
.top > div { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.25rem; max-width: 68rem; min-height: 3.5rem; margin: 0 auto; padding: .35rem 1rem; }
.brand { display: flex; align-items: center; gap: .6rem; font-weight: 650; }
.brand svg { width: 1.75rem; height: 1.75rem; flex: none; }
.top .who { margin-inline-start: auto; color: var(--dim); font-size: .9rem; }
.top nav a { display: inline-flex; align-items: center; min-height: 2.75rem; padding: 0 .25rem; }
main { display: block; max-width: 68rem; margin: 0 auto; padding: 1.25rem 1rem 3rem; }
main:focus { outline: none; }
.inbox > .card { margin-bottom: 1.5rem; }
.inbox > .empty { margin-top: 1.25rem; }
.narrow { max-width: 38rem; padding-top: clamp(1.25rem, 8vh, 5rem); }
.stack > * + * { margin-top: 1rem; }
.card { padding: 1.25rem; border: 1px solid var(--line); border-radius: .9rem; background: var(--card); box-shadow: var(--shadow); }
.card > h2 { margin-bottom: .85rem; }

.chip { display: inline-flex; align-items: center; gap: .4rem; padding: .2rem .75rem .2rem .6rem; border-radius: 2rem; background: var(--calm-back); color: var(--calm); font-size: .9rem; font-weight: 600; line-height: 1.4; }
.good { background: var(--good-back); color: var(--good); }
.bad { background: var(--bad-back); color: var(--bad); }
.held { background: var(--held-back); color: var(--held); }
.banner { display: flex; gap: .75rem; margin-bottom: 1rem; padding: .9rem 1.1rem; border: 1px solid currentColor; border-radius: .9rem; }
.banner.calm { background: var(--calm-back); color: var(--calm); }
.banner:focus-visible { outline-offset: 3px; }
.banner .icon { margin-top: .12rem; }
.banner strong { display: block; }
.banner p + p { margin-top: .15rem; }
.banner a { color: inherit; }

.head { display: flex; flex-wrap: wrap; gap: .6rem 1rem; align-items: flex-start; justify-content: space-between; }
.head h1 { flex: 1 1 16rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(15rem, 100%), 1fr)); gap: .85rem 1.5rem; margin-top: 1.1rem; }
.facts dt { color: var(--dim); font-size: .85rem; }
.facts dd { margin-top: .05rem; }
.totals { display: grid; grid-template-columns: repeat(auto-fit, minmax(7rem, 1fr)); gap: 1px; margin-top: 1.25rem; border: 1px solid var(--line); border-radius: .7rem; background: var(--line); overflow: hidden; }
.totals li { display: flex; flex-direction: column; padding: .7rem .9rem; background: var(--sunken); }
.totals strong { font-size: 1.3rem; line-height: 1.25; font-variant-numeric: tabular-nums; letter-spacing: -.01em; }
.totals span { color: var(--dim); font-size: .85rem; }

.machines { margin-top: .6rem; border: 1px solid var(--line); border-radius: .7rem; }
.machines.long { max-height: 30rem; overflow: auto; }
.machines li + li { border-top: 1px solid var(--line); }
.machine { display: grid; grid-template-columns: auto 1fr; align-items: center; gap: 0 .8rem; min-height: 3.25rem; padding: .45rem .9rem; }
label.machine { cursor: pointer; }
label.machine:hover { background: var(--sunken); }
.machine > .body { display: grid; min-width: 0; }
.machine .amounts { color: var(--dim); font-size: .9rem; font-variant-numeric: tabular-nums; }
.machine strong { font-weight: 600; }
.machine .out { display: none; }
.machine .icon { width: 1.4rem; height: 1.4rem; }
.machine.is-out strong, .machine:has(:checked) strong { text-decoration: line-through; text-decoration-thickness: 2px; }
.machine.is-out .out, .machine:has(:checked) .out { display: inline-block; margin-inline-start: .5rem; padding: 0 .5rem; border-radius: 1rem; background: var(--bad-back); color: var(--bad); font-size: .85rem; font-weight: 600; text-decoration: none; }
input[type="checkbox"] { width: 1.4rem; height: 1.4rem; margin: 0; flex: none; accent-color: var(--accent); cursor: pointer; }

.field { display: block; }
.field + .field, .field + button, .actions { margin-top: .9rem; }
.field label, .label { display: block; font-weight: 600; }
.hint { display: block; color: var(--dim); font-size: .9rem; font-weight: 400; }
.error { display: flex; gap: .4rem; margin-top: .35rem; color: var(--bad); font-weight: 600; }
textarea, select, input[type="text"], input[type="email"], input[type="search"] { width: 100%; min-height: 2.85rem; margin-top: .35rem; padding: .6rem .75rem; border: 1px solid var(--edge); border-radius: .55rem; background: var(--card); color: var(--text); font: inherit; }
textarea { min-height: 5.5rem; resize: vertical; }
[aria-invalid="true"] { border: 2px solid var(--bad) !important; }
button, .button { display: inline-flex; align-items: center; justify-content: center; gap: .5rem; min-height: 2.85rem; padding: .55rem 1.15rem; border: 1px solid var(--edge); border-radius: .55rem; background: var(--card); color: var(--text); font: inherit; font-weight: 600; text-decoration: none; cursor: pointer; }
button:hover, .button:hover { border-color: currentColor; background: var(--sunken); }
button[hidden] { display: none; }
button.main, .button.main { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
button.main:hover, .button.main:hover { border-color: var(--accent-strong); background: var(--accent-strong); }
button.no { border-color: var(--bad); color: var(--bad); }
button.no:hover { background: var(--bad-back); }
.actions { display: grid; grid-template-columns: 1fr 1fr; gap: .75rem; }
.deadline { display: flex; gap: .7rem; margin-top: 1rem; padding: .75rem .9rem; border-radius: .6rem; background: var(--sunken); }
.deadline .icon { margin-top: .15rem; color: var(--dim); }
.deadline.late { background: var(--bad-back); color: var(--bad); }
.deadline.late .icon, .deadline.late .dim, .deadline.late .ago { color: inherit; }
details { margin-top: 1.1rem; border-top: 1px solid var(--line); }
summary { display: flex; align-items: center; gap: .4rem; min-height: 2.85rem; margin-bottom: -.5rem; padding-top: .5rem; color: var(--accent); cursor: pointer; }
summary::-webkit-details-marker { display: none; }
summary::before { content: ""; width: .5em; height: .5em; margin: 0 .2em; border: solid currentColor; border-width: 0 2px 2px 0; transform: rotate(-45deg); }
details[open] > summary::before { transform: rotate(45deg); }
details > :not(summary) { margin-top: .75rem; }
.state { display: flex; gap: .9rem; }
.state > .badge { display: grid; place-items: center; flex: none; width: 2.75rem; height: 2.75rem; border-radius: 50%; font-size: 1.15rem; }
.state > .badge.calm { background: var(--calm-back); color: var(--calm); }
.state h2 { margin-bottom: .25rem; }
.state p + p { margin-top: .35rem; }
.state blockquote + p { margin-top: .75rem; }
blockquote { margin-top: .5rem; padding: .15rem 0 .15rem .85rem; border-inline-start: 3px solid var(--edge); white-space: pre-line; }

.levels > li { display: grid; grid-template-columns: 2rem 1fr; gap: 0 .85rem; position: relative; padding-bottom: 1.15rem; }
.levels > li:last-child { padding-bottom: 0; }
.levels > li:not(:last-child)::before { content: ""; position: absolute; inset: 2rem auto 0 calc(1rem - 1px); width: 2px; background: var(--line); }
.dot { display: grid; place-items: center; width: 2rem; height: 2rem; border-radius: 50%; background: var(--calm-back); color: var(--calm); font-size: .9rem; font-weight: 650; }
.dot.now { background: var(--accent); color: var(--on-accent); }
.dot.good { background: var(--good-back); color: var(--good); }
.dot.bad { background: var(--bad-back); color: var(--bad); }
.levels h3 { font-size: 1rem; line-height: 2rem; }
.levels .people { display: flex; flex-wrap: wrap; gap: .35rem .5rem; margin-top: .4rem; }
.levels .people li { display: inline-flex; gap: .35rem; align-items: center; padding: .1rem .7rem; border: 1px solid var(--line); border-radius: 2rem; font-size: .9rem; }
.yes-mark { color: var(--good); }
.no-mark { color: var(--bad); }
.history > li { display: grid; grid-template-columns: 2rem 1fr; gap: 0 .85rem; padding: .55rem 0; }
.history > li + li { border-top: 1px solid var(--line); }
.history .icon { margin: .15rem auto 0; color: var(--dim); }
.history time { color: var(--dim); font-size: .9rem; }

.search { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: .75rem; align-items: end; margin-top: 1rem; }
.search > :first-child { grid-column: 1 / -1; }
.search .label { font-size: .9rem; }
.bar { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; justify-content: space-between; margin: 1.25rem 0 .6rem; }
.rows { border: 1px solid var(--line); border-radius: .9rem; background: var(--card); box-shadow: var(--shadow); overflow: hidden; }
.rows > li { display: grid; grid-template-columns: 3.25rem 1fr; align-items: stretch; position: relative; }
.rows > li + li { border-top: 1px solid var(--line); }
.rows .pick { display: grid; place-items: start center; padding-top: 1rem; cursor: pointer; }
.rows .about { display: grid; gap: .1rem 1.5rem; min-width: 0; padding: .75rem 1rem .75rem 0; }
.rows a { display: inline-block; padding: .15rem 0; color: var(--text); font-weight: 600; text-decoration-color: var(--edge); }
.rows a:hover { color: var(--accent); text-decoration-color: currentColor; }
.rows .due { font-size: .9rem; }
.rows .due.late strong { color: var(--bad); }
.rows > li:has(:checked), .bulk:has(#all:checked) .rows > li { background: var(--tint); }
.bulk .decide { z-index: 1; margin-top: 1rem; padding: .9rem 1rem; border: 1px solid var(--line); border-radius: .9rem; background: var(--card); }
.bulk:has(:checked) .decide { position: sticky; bottom: 0; box-shadow: 0 -4px 20px #0002; }
.bulk .actions { margin-top: .75rem; }
.check { display: inline-flex; align-items: center; gap: .7rem; min-height: 2.75rem; cursor: pointer; }
.pages { display: flex; flex-wrap: wrap; gap: .75rem; align-items: center; justify-content: space-between; margin-top: 1.25rem; }
.empty { padding: 2.5rem 1.25rem; text-align: center; }
.empty .icon { width: 2.5rem; height: 2.5rem; margin-bottom: .5rem; color: var(--dim); }
.results > li { padding: .6rem 0; border-top: 1px solid var(--line); }

@media (min-width: 60rem) {
  .request { display: grid; grid-template-columns: minmax(0, 1fr) 22rem; gap: 1.25rem; align-items: start; }
  .request > .banner { grid-column: 1 / -1; margin: 0; }
  .request > .lead, .request > .more { grid-column: 1; }
  .request > .decision { grid-column: 2; grid-row: span 2; position: sticky; top: 1.25rem; }
  .request:has(> .banner) > .decision { grid-row: 2 / span 2; }
  .card { padding: 1.5rem; }
  .machine > .body { grid-template-columns: 1fr auto; align-items: center; gap: 1rem; }
}
@media (min-width: 44rem) {
  .search { grid-template-columns: 1fr 14rem auto; }
  .search > :first-child { grid-column: auto; }
  .rows .about { grid-template-columns: 1fr 14rem; align-items: start; }
  .rows .due { text-align: end; grid-row: 1 / span 2; grid-column: 2; padding-top: .2rem; }
  .bulk .decide { display: grid; grid-template-columns: 1fr auto; gap: .25rem 1rem; align-items: end; }
  .bulk .decide > .check, .bulk .decide > .error { grid-column: 1 / -1; }
  .bulk .actions { margin: 0; }
}
@media (max-width: 59.99rem) {
  .request > .decision, .request > .more { margin-top: 1rem; }
  .top > div { padding-block: .5rem; }
  .top .who { width: 100%; margin: 0; }
}
@media (max-width: 59.99rem) and (min-height: 34rem) {
  .request:has(.decision .actions) { padding-bottom: 7rem; }
  .decision .actions { position: fixed; inset: auto 0 0; z-index: 2; margin: 0; padding: .75rem 1rem calc(.75rem + env(safe-area-inset-bottom)); border-top: 1px solid var(--line); background: var(--card); box-shadow: 0 -4px 20px #0002; }
}
@media (max-height: 33.99rem) {
  .bulk:has(:checked) .decide { position: static; }
}
@media (forced-colors: active) {
  .card, .chip, .dot, .badge, button, .button { border: 1px solid; }
}
@media print {
  .decision, .skip, .top nav { display: none; }
  .machines.long { max-height: none; }
}
`;
