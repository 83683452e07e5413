/** The style sheet of the page: light and dark, narrow and wide, on screen and on paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --raised: #f6f7f8; --line: #d9dde1; --text: #1b1f24; --faint: #59626c;
  --leak: #b3261e; --suspect: #8a5300; --bounded: #2a6b3c; --mark: #fff3c9; --added: #b3261e; --removed: #2a6b3c;
  --focus: #0b5fff; --bar: #b3261e;
  --object: #bfd4ee; --collection: #f0cfa3; --string: #c5dfb8; --buffer: #e7bfc3; --function: #d6c8ea;
  --code: #d3d6da; --rest: #eceef0; --on-area: #1b1f24;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", "DejaVu Sans", sans-serif;
  --mono: ui-monospace, SFMono-Regular, "Cascadia Mono", Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #14171a; --raised: #1c2024; --line: #363c43; --text: #e4e7ea; --faint: #a0a9b2;
    --leak: #ff8a80; --suspect: #f0b35c; --bounded: #83c796; --mark: #443a14; --added: #ff8a80; --removed: #83c796;
    --focus: #7db1ff; --bar: #e0665c;
    --object: #28425f; --collection: #5c431c; --string: #2f4d26; --buffer: #5e2f36; --function: #45365f;
    --code: #3b4148; --rest: #23282d; --on-area: #eef1f3;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 var(--sans); }
main, body > header, body > footer { max-width: 1180px; margin: 0 auto; padding: 0 24px; }
body > header { padding-top: 32px; }
body > footer { padding-top: 16px; padding-bottom: 40px; color: var(--faint); font-size: 13px; }
code, pre, kbd { font-family: var(--mono); font-size: 0.875em; unicode-bidi: isolate; overflow-wrap: anywhere; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; font-weight: 650; letter-spacing: -0.01em; }
h2 { font-size: 19px; line-height: 1.35; margin: 0; font-weight: 650; overflow-wrap: anywhere; unicode-bidi: isolate; }
h3 { font-size: 13px; margin: 24px 0 8px; font-weight: 600; color: var(--faint); }
p { margin: 0; }
.lead, .none, .about { color: var(--faint); }
.lead { margin: 2px 0 12px; max-width: 75ch; }
.where { color: var(--faint); white-space: normal; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; }

section, .finding { margin: 40px 0 0; padding-top: 24px; border-top: 1px solid var(--line); }
.finding { margin-top: 24px; }
.finding .verdict { font-size: 13px; font-weight: 650; margin-bottom: 2px; }
.leak .verdict { color: var(--leak); }
.suspect .verdict { color: var(--suspect); }
.bounded .verdict { color: var(--bounded); }
.bad { display: flex; flex-wrap: wrap; gap: 16px 40px; align-items: flex-start; justify-content: space-between; margin-top: 16px; }
dl { margin: 0; }
dt { color: var(--faint); font-size: 13px; }
dd { margin: 0; overflow-wrap: anywhere; }
.figures { display: flex; flex-wrap: wrap; gap: 12px 32px; }
.figures dd { font-size: 17px; font-variant-numeric: tabular-nums; }
.facts { margin-top: 24px; display: grid; gap: 4px; }
.facts > div { display: grid; grid-template-columns: 96px 1fr; gap: 12px; }
.facts dt { line-height: 1.7; }
figure { margin: 0; }
.growth { width: 260px; }
.growth svg { display: block; width: 100%; height: auto; }
.growth rect { fill: var(--bar); }
.suspect .growth rect { fill: var(--suspect); }
.bounded .growth rect { fill: var(--bounded); }
.growth line { stroke: var(--line); }
.growth text { font: 11px var(--sans); fill: var(--faint); text-anchor: middle; }
.growth .figure { font-size: 12px; fill: var(--text); }
.growth figcaption { font-size: 12px; color: var(--faint); text-align: center; }

.path { list-style: none; margin: 0; padding: 0; border-left: 2px solid var(--line); }
.path li { position: relative; padding: 3px 12px 3px 20px; display: grid; grid-template-columns: minmax(0, 13fr) minmax(0, 7fr); gap: 0 24px; align-items: baseline; }
.path li::before { content: ""; position: absolute; left: -5px; top: 11px; width: 8px; height: 8px; border-radius: 50%; background: var(--page); border: 2px solid var(--line); box-sizing: border-box; }
.path .reason { color: var(--faint); font-size: 13px; }
.path .stop { min-width: 0; }
.path .holder { background: var(--raised); }
.path .holder::before { background: currentColor; border-color: currentColor; color: var(--leak); }
.suspect .holder::before { color: var(--suspect); }
.bounded .holder::before { color: var(--bounded); }
.path .holder .stop > code:first-child, .path .holder .reason { font-weight: 650; color: var(--text); }

.code { border: 1px solid var(--line); border-radius: 4px; overflow: hidden; }
.code + .code { margin-top: 12px; }
.code figcaption { padding: 4px 12px; font-size: 13px; background: var(--raised); }
.code figcaption span { font-weight: 600; margin-right: 8px; }
.added figcaption span { color: var(--added); }
.removed figcaption span { color: var(--removed); }
.code pre { margin: 0; padding: 6px 0; overflow-x: auto; line-height: 1.55; font-size: 13px; border-top: 1px solid var(--line); }
.code pre:focus-visible { outline-offset: -2px; }
.code pre > * { display: block; padding: 0 12px; width: max-content; min-width: 100%; color: inherit; background: none; white-space: pre; }
.code pre > mark { background: var(--mark); }
.code .number { display: inline-block; width: 4ch; margin-right: 16px; text-align: right; color: var(--faint); user-select: none; }

.treemap { display: none; }
.drawn .treemap { display: block; }
.frame { position: relative; }
.map { position: relative; height: 520px; background: var(--rest); overflow: hidden; }
.cell { position: absolute; overflow: hidden; color: var(--on-area); font-size: 12px; line-height: 18px; }
.cell .cell { font-size: 11px; line-height: 16px; }
.area { cursor: pointer; box-shadow: inset 0 0 0 1px rgb(0 0 0 / 0.18); }
.area:hover { box-shadow: inset 0 0 0 2px var(--text); }
.area:focus-visible { outline: 3px solid var(--focus); outline-offset: -3px; z-index: 1; }
.cell .cell { box-shadow: inset 0 0 0 1px rgb(0 0 0 / 0.12); }
.label { display: flex; gap: 8px; padding: 1px 5px 0; white-space: nowrap; }
.name { overflow: hidden; text-overflow: ellipsis; unicode-bidi: isolate; }
.area > .label > .name { font-weight: 600; }
.label .bytes { margin-left: auto; flex: none; }
.kind-object { background: var(--object); } .kind-collection { background: var(--collection); }
.kind-string { background: var(--string); } .kind-buffer { background: var(--buffer); }
.kind-function { background: var(--function); } .kind-code { background: var(--code); } .kind-rest { background: var(--rest); }
.crumbs { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 0; margin: 0 0 8px; padding: 0; font-size: 13px; }
.crumbs li { max-width: 100%; overflow-wrap: anywhere; }
.crumbs li + li::before { content: "›"; margin: 0 8px; color: var(--faint); }
.crumbs button { text-decoration: underline; text-underline-offset: 3px; }
.crumbs span { font-weight: 600; }
.tip { position: absolute; z-index: 2; max-width: min(340px, 100%); padding: 6px 10px; background: var(--text); color: var(--page); font-size: 12px; border-radius: 4px; pointer-events: none; overflow-wrap: anywhere; }
.tip b, .tip span { display: block; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 10px 0 0; padding: 0; font-size: 13px; color: var(--faint); }
.swatch { display: inline-block; width: 12px; height: 12px; margin-right: 6px; vertical-align: -1px; border: 1px solid var(--line); }
div.lost { margin: 16px 0 0; padding: 8px 12px; background: var(--mark); border-radius: 4px; }
nav.findings ol { margin: 12px 0 0; padding-left: 20px; }
.findings a { color: inherit; }
.keys { font-size: 13px; color: var(--faint); margin-top: 4px; }
kbd { border: 1px solid var(--line); border-radius: 3px; padding: 0 4px; }
.said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
details { margin-top: 12px; }
summary { cursor: pointer; }
.listed ul { margin: 0; padding-left: 20px; }
.listed > ul { margin-top: 8px; padding-left: 20px; font-size: 13px; }

.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { text-align: left; padding: 5px 16px 5px 0; vertical-align: top; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--faint); white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
td { max-width: 46ch; min-width: 14ch; }
td code { overflow-wrap: break-word; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; min-width: 0; }
td.number:first-child { width: 1%; }
main > p { margin-top: 16px; }
.sort { font-weight: 600; }
.sort::after, .number .sort::before { content: "\\2193"; visibility: hidden; margin-left: 4px; }
.number .sort::before { margin: 0 4px 0 0; }
.number .sort::after { content: none; }
[aria-sort=descending] .sort, [aria-sort=ascending] .sort { color: var(--text); }
[aria-sort=descending] .sort::after, [aria-sort=descending] .sort::before { visibility: visible; }
[aria-sort=ascending] .sort::after, .number[aria-sort=ascending] .sort::before { visibility: visible; content: "\\2191"; }
.number[aria-sort=ascending] .sort::after { content: none; }
.item { display: inline-block; margin-right: 12px; }
.doubt { color: var(--faint); }
.bar { display: flex; gap: 12px; align-items: center; margin-bottom: 8px; }
.filter { font: inherit; font-size: 13px; color: inherit; background: var(--page); border: 1px solid var(--faint); border-radius: 4px; padding: 3px 8px; width: 220px; max-width: 100%; }
.told { font-size: 13px; color: var(--faint); }
.more { margin-top: 8px; font-size: 13px; text-decoration: underline; text-underline-offset: 3px; }

@media (max-width: 640px) {
  main, body > header, body > footer { padding-left: 16px; padding-right: 16px; }
  h1 { font-size: 22px; }
  h2 { font-size: 17px; }
  .path li { display: block; }
  .path .reason, .path .where { display: block; }
  td:not(.number) { min-width: 18ch; }
  .map { height: 440px; }
  .facts > div { grid-template-columns: 1fr; gap: 0; }
  .facts > div + div { margin-top: 8px; }
}
@media print {
  :root { color-scheme: light; }
  body { font-size: 12px; }
  h1 { font-size: 20px; }
  h2 { font-size: 15px; }
  table, .code pre, .facts dt, .path .reason { font-size: 11px; }
  .figures dd { font-size: 14px; }
  section, .finding { margin-top: 20px; padding-top: 14px; }
  main, body > header, body > footer { max-width: none; padding-left: 0; padding-right: 0; }
  .bar, .more, .keys, .tip, .crumbs button { display: none; }
  .bad, .code, .path li, tr, .treemap { break-inside: avoid; }
  h2, h3, .lead, header, thead { break-after: avoid; }
  .scroll, .code pre { overflow: visible; }
  td code { overflow-wrap: anywhere; }
  .code pre > * { white-space: pre-wrap; width: auto; }
  .map, .cell, .swatch, .growth, .path li::before, mark { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
