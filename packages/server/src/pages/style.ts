/** The style sheet of the pages: light and dark, a telephone and a desk. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --raised: #f6f7f8; --line: #d9dde1; --text: #1b1f24; --faint: #57606a; --link: #0a4fd0; --focus: #0b5fff;
  --bad: #b3261e; --bad-ground: #fdeceb; --warn: #8a5300; --warn-ground: #fff3d6; --good: #256236; --good-ground: #e8f4ea;
  --plain-ground: #eceef0;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", "DejaVu Sans", sans-serif;
  --mono: ui-monospace, SFMono-Regular, "Cascadia Mono", Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171a; --raised: #1c2024; --line: #363c43; --text: #e4e7ea; --faint: #a0a9b2; --link: #8ab8ff; --focus: #7db1ff;
    --bad: #ff9a91; --bad-ground: #45211f; --warn: #f3bd6e; --warn-ground: #3f3013; --good: #8fcf9f; --good-ground: #1d3524;
    --plain-ground: #2a2f35;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 var(--sans); }
a { color: var(--link); text-underline-offset: 3px; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 8px; top: 8px; background: var(--page); padding: 8px; z-index: 1; }
header { border-bottom: 1px solid var(--line); background: var(--raised); display: flex; flex-wrap: wrap; gap: 0 24px; align-items: center; justify-content: space-between; padding: 4px 24px; }
nav { display: flex; flex-wrap: wrap; gap: 0 4px; }
nav a { color: inherit; text-decoration: none; padding: 8px 10px; border-bottom: 2px solid transparent; }
nav a:hover { text-decoration: underline; }
nav a[aria-current] { border-bottom-color: var(--link); font-weight: 600; }
header form { display: flex; align-items: center; gap: 12px; }
.who { color: var(--faint); font-size: 14px; overflow-wrap: anywhere; }
main { max-width: 1080px; margin: 0 auto; padding: 24px; }
h1 { font-size: 26px; line-height: 1.25; font-weight: 650; letter-spacing: -0.01em; margin: 0 0 12px; overflow-wrap: anywhere; }
h2 { font-size: 18px; font-weight: 650; margin: 0 0 8px; overflow-wrap: anywhere; }
p { margin: 0 0 12px; max-width: 75ch; }
section { margin-top: 32px; }
.lead { font-size: 18px; }
.crumb { margin-bottom: 4px; font-size: 14px; }
.place, .note, .none { color: var(--faint); font-size: 14px; font-weight: 400; }
code, pre { font-family: var(--mono); font-size: 14px; }
pre { background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: 12px; overflow-x: auto; }
.rows { list-style: none; margin: 0 0 12px; padding: 0; border-top: 1px solid var(--line); }
.row { display: grid; gap: 2px 20px; align-items: baseline; padding: 12px 0; border-bottom: 1px solid var(--line); grid-template-columns: minmax(0, 3fr) minmax(0, 4fr) minmax(0, 4fr) minmax(0, 3fr); }
.row.incident { grid-template-columns: 84px minmax(0, 1fr) minmax(0, 220px); }
.row.user { grid-template-columns: minmax(0, 3fr) minmax(0, 2fr) minmax(0, 3fr) 96px; }
.name { font-weight: 600; overflow-wrap: anywhere; }
.badge { display: inline-block; padding: 0 8px; border-radius: 4px; font-size: 14px; font-weight: 600; background: var(--plain-ground); color: var(--text); }
.badge.leak, .badge.native, .badge.page { background: var(--bad-ground); color: var(--bad); }
.badge.warning, .badge.odd { background: var(--warn-ground); color: var(--warn); }
.badge.clean, .badge.bounded { background: var(--good-ground); color: var(--good); }
.limit strong { font-size: 18px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 15px; }
th, td { text-align: left; vertical-align: top; padding: 8px 20px 8px 0; border-bottom: 1px solid var(--line); }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--faint); font-size: 14px; font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 600; min-width: 12ch; overflow-wrap: anywhere; }
td { min-width: 9ch; font-variant-numeric: tabular-nums; white-space: nowrap; }
td .note { display: block; }
tbody a[aria-current] { font-weight: 700; }
.chart { margin: 0; }
.chart > svg { display: block; width: 100%; height: 280px; overflow: visible; }
.chart path { fill: none; stroke-linejoin: round; }
path.floor { stroke: var(--link); stroke-width: 2.5; }
path.rss { stroke: var(--faint); stroke-width: 1.25; }
.chart line { stroke: var(--line); }
.chart line.limit { stroke: var(--bad); stroke-dasharray: 6 4; }
.chart line.mark { stroke: var(--faint); stroke-dasharray: 2 3; }
.chart text { font: 12px var(--sans); fill: var(--faint); }
.chart text.limit, .chart text.leak, .chart text.native { fill: var(--bad); }
.chart text.leak, .chart text.native, .chart text.bounded, .chart text.warming, .chart text.clean { font-weight: 600; }
.chart rect.bar { fill: var(--plain-ground); stroke: var(--line); }
.chart rect.bar.leak { fill: var(--bad-ground); stroke: var(--bad); }
.chart rect.bar.clean { fill: var(--good-ground); stroke: var(--good); }
.chart line.reach { stroke: var(--text); stroke-width: 1.5; }
.rows .change { padding: 10px 0 2px; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
.rows .change p { margin-bottom: 6px; }
.rows .change time { color: var(--faint); font-size: 14px; margin-left: 8px; }
figcaption { display: flex; flex-wrap: wrap; gap: 4px 20px; font-size: 14px; color: var(--faint); }
.key::before { content: ""; display: inline-block; width: 18px; height: 0; border-top: 2.5px solid var(--link); margin-right: 6px; vertical-align: middle; }
.key.rss::before { border-top: 1.25px solid var(--faint); }
.timeline { list-style: none; margin: 8px 0 0; padding: 0 0 0 16px; border-left: 2px solid var(--line); }
.timeline li { padding: 4px 0 8px; overflow-wrap: anywhere; }
.timeline time { color: var(--faint); font-size: 14px; margin-right: 8px; }
.timeline .told { white-space: pre-line; }
.plain { list-style: none; margin: 0 0 12px; padding: 0; }
.plain li { padding: 6px 0; overflow-wrap: anywhere; }
.plain .note { display: block; }
.badge.suspected { background: var(--warn-ground); color: var(--warn); }
.badge.confirmed { background: var(--bad-ground); color: var(--bad); }
section > form, .wide { margin: 8px 0; }
.wide { display: grid; gap: 8px; justify-items: start; }
.wide label, .wide textarea { display: grid; width: 100%; min-width: 0; }
.wide textarea { font: 14px/1.4 var(--mono); }
.document h2 { margin-top: 28px; }
.document li { margin-bottom: 4px; overflow-wrap: anywhere; }
.document td { white-space: normal; min-width: 11ch; overflow-wrap: anywhere; }
.document td:last-child { min-width: 24ch; }
.figure { display: block; overflow-x: auto; }
.inline { display: flex; flex-wrap: wrap; gap: 8px; align-items: end; margin-top: 4px; }
dl.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 4px 20px; margin: 0 0 12px; }
dl.facts dt { color: var(--faint); }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
.finding { border: 1px solid var(--line); border-radius: 6px; padding: 12px 16px; margin-bottom: 12px; }
.finding h3 { font-size: 16px; margin: 0 0 8px; overflow-wrap: anywhere; }
details { margin-top: 12px; }
summary { cursor: pointer; }
.stacked { display: grid; gap: 12px; max-width: 360px; }
.stacked label { display: grid; gap: 4px; min-width: 0; }
.stacked select { min-width: 0; width: 100%; }
input, select, textarea, button { font: inherit; color: inherit; background: var(--page); border: 1px solid var(--faint); border-radius: 6px; padding: 8px 10px; }
button { cursor: pointer; background: var(--raised); padding: 6px 12px; }
button.main { background: var(--link); border-color: var(--link); color: var(--page); font-weight: 600; }
.problem { background: var(--bad-ground); color: var(--bad); padding: 8px 12px; border-radius: 6px; }
.live { position: fixed; right: 12px; bottom: 12px; margin: 0; padding: 6px 12px; background: var(--text); color: var(--page); border-radius: 6px; font-size: 14px; }
@media (max-width: 700px) {
  header { padding: 4px 12px; }
  nav a { padding: 8px 6px; }
  main { padding: 16px 12px; }
  h1 { font-size: 22px; }
  .row, .row.incident { grid-template-columns: minmax(0, 1fr); }
  .row.user { grid-template-columns: minmax(0, 1fr) auto; }
  .chart > svg { height: 220px; }
  dl.facts { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dl.facts dd { margin-bottom: 6px; }
  table, tbody, tr, tbody th, td { display: block; }
  thead { display: none; }
  tr { padding: 8px 0; border-bottom: 1px solid var(--line); }
  tbody th, td { padding: 2px 0; border: 0; white-space: normal; }
  td { display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: 12px; overflow-wrap: anywhere; }
  td::before { content: attr(data-column); color: var(--faint); font-size: 14px; }
}
@media (forced-colors: active) { .badge, .problem { border: 1px solid; } }
`;
