/** The page's style sheet. Its colours keep 4.5:1 against what is behind them, in light and in dark. */
export const STYLE = `:root {
  color-scheme: light dark;
  --back: #f4f6f8; --card: #fff; --text: #1b2530; --dim: #55616d; --line: #d8dee4; --edge: #7b8792;
  --accent: #00656f; --on-accent: #fff; --bad: #a8201a;
  --held: #fff0c2; --on-held: #5f4200; --run: #d9e9fb; --on-run: #134a80;
  --good: #d7f2dd; --on-good: #14532b; --wrong: #fbdcda; --on-wrong: #8a1712; --calm: #e4e8ec; --on-calm: #3b4650;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #12171c; --card: #1b2229; --text: #e6ebf0; --dim: #a3afba; --line: #323c46; --edge: #7f8c98;
    --accent: #4fc3cf; --on-accent: #06252a; --bad: #ff9c94;
    --held: #4a3a0c; --on-held: #ffdf85; --run: #17385a; --on-run: #a9d2ff;
    --good: #173d25; --on-good: #9fe3b3; --wrong: #4f1b19; --on-wrong: #ffb6b0; --calm: #313b45; --on-calm: #c4ced8;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 .75rem; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.25; }
h2 { margin: 2rem 0 .5rem; font-size: 1.15rem; }
.version, .intro, #empty { color: var(--dim); }
.intro { margin: .25rem 0 0; max-width: 42rem; }
.wish { display: flex; flex-wrap: wrap; gap: .5rem 1rem; margin-bottom: .75rem; }
.wish label { display: grid; gap: .15rem; color: var(--dim); font-size: .85rem; }
.wish select, .wish input { min-height: 2.75rem; min-width: 7rem; padding: .25rem .6rem; border: 1px solid var(--edge); border-radius: .4rem; background: var(--card); color: var(--text); font: inherit; font-size: 1rem; }
.wish select:focus-visible, .wish input:focus-visible, summary:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.ask { display: flex; flex-wrap: wrap; gap: .5rem; }
button { min-height: 2.75rem; padding: .25rem .9rem; border: 1px solid var(--edge); border-radius: .4rem; background: var(--card); color: var(--text); font: inherit; cursor: pointer; }
button:hover { border-color: var(--accent); color: var(--accent); }
button:focus-visible, tr:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
button[aria-disabled="true"] { color: var(--dim); cursor: progress; }
.ask button.main { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
.ask button.main:hover { filter: brightness(1.1); }
#status { min-height: 1.5rem; margin: .5rem 0 -1rem; color: var(--dim); overflow-wrap: anywhere; }
#status.problem { color: var(--bad); }
#tasks { width: 100%; border: 1px solid var(--line); border-radius: .5rem; border-spacing: 0; background: var(--card); overflow: hidden; }
#tasks[hidden], #empty[hidden] { display: none; }
th { padding: .5rem .75rem; color: var(--dim); font-size: .85rem; font-weight: 600; text-align: start; white-space: nowrap; }
td { padding: .5rem .75rem; border-top: 1px solid var(--line); vertical-align: middle; }
code { font: .9rem ui-monospace, monospace; }
.chip { display: inline-block; padding: .1rem .6rem; border-radius: 1rem; background: var(--calm); color: var(--on-calm); font-size: .85rem; font-weight: 600; white-space: nowrap; }
.chip.queueing { background: var(--held); color: var(--on-held); }
.chip.pending, .chip.started { background: var(--run); color: var(--on-run); }
.chip.finished_successfully { background: var(--good); color: var(--on-good); }
.chip.finished_unsuccessfully, .chip.cancelled { background: var(--wrong); color: var(--on-wrong); }
tbody tr { height: 3.4rem; }
.answer { max-width: 22rem; overflow-wrap: anywhere; }
.answer p { margin: 0; }
td small { color: var(--dim); }
.plain { margin: .5rem 0 0; padding: 0; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); list-style: none; overflow-wrap: anywhere; }
.plain li { padding: .5rem .75rem; border-top: 1px solid var(--line); }
.plain li:first-child { border-top: 0; }
.plain .bad b, .plain .why { color: var(--bad); }
.plain .why, .plain .cause, .plain details p { margin: .15rem 0 0; }
summary { min-height: 1.75rem; cursor: pointer; }
.plain .label { color: var(--dim); font-size: .85rem; }
.base { display: block; }
#connection p { margin: 0 0 .5rem; }
.privilege { display: inline-block; margin: 0 0 .3rem; padding: .1rem .5rem; border-radius: .3rem; background: var(--calm); color: var(--on-calm); }
.actions { white-space: nowrap; }
.actions button { min-height: 2.25rem; margin-inline-end: .4rem; padding: .1rem .7rem; font-size: .9rem; }
.actions button.no:hover { border-color: var(--bad); color: var(--bad); }
td:nth-child(7) { white-space: nowrap; color: var(--dim); }
@media (max-width: 52rem) {
  #tasks, tbody { display: block; }
  #tasks { border: 0; background: none; overflow: visible; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tbody tr { height: auto; display: grid; grid-template-columns: 1fr 1fr; gap: .5rem .75rem; margin-bottom: .75rem; padding: .75rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); }
  td { padding: 0; border: 0; min-width: 0; }
  td::before { content: attr(data-label); display: block; color: var(--dim); font-size: .8rem; }
  .answer, .actions { grid-column: 1 / -1; max-width: none; }
  .answer { order: 1; }
  .actions { order: 2; display: flex; gap: .5rem; }
  .actions::before { display: none; }
  td:empty { display: none; }
  .actions button { flex: 1; min-height: 2.75rem; margin: 0; font-size: 1rem; }
  .ask button { flex: 1 1 9rem; }
}
`;

export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#00656f"/><path d="M9 17l5 5 9-12" fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
