/** The style of a report: A4 in print, a narrow screen too. Colours of the quantities are those of docs (voltage blue, frequency green, THD amber). */

export const COLOURS = {
  voltage: '#0b5cad',
  frequency: '#1b7a3d',
  thd: '#9a5b00',
  limit: '#a11212',
  grid: '#d9dde2',
  axis: '#59626d',
  faint: '#9aa3ad',
} as const;

export const STYLE = `
:root { color-scheme: light; --line: #d0d5db; --faint: #59626d; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 3rem; background: #fff; color: #1b1f24;
  font: 15px/1.45 "DejaVu Sans", "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .2rem; line-height: 1.2; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem; border-bottom: 2px solid #1b1f24; padding-bottom: .2rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; }
p { margin: .4rem 0; }
.meta, .note, caption { color: var(--faint); font-size: .86rem; }
.lead { font-size: 1.05rem; margin: .8rem 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .84rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: .2rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem .25rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; border-bottom: 1px solid #59626d; vertical-align: bottom; }
td.n, th.n { text-align: right; white-space: nowrap; }
td.t { white-space: nowrap; }
tr { break-inside: avoid; }
.matrix td, .matrix th { text-align: center; padding: .25rem .4rem; border: 1px solid var(--line); }
.matrix td.zero { color: #8a939d; }
.kept { color: #17612f; white-space: nowrap; }
.not-kept { color: #a11212; font-weight: 600; white-space: nowrap; }
.not-measured { color: #59626d; white-space: nowrap; }
figure { margin: .6rem 0 .4rem; break-inside: avoid; }
figcaption { font-size: .86rem; font-weight: 600; margin-bottom: .15rem; }
svg { display: block; width: 100%; min-width: 34rem; height: auto; }
svg text { font: 11px "DejaVu Sans", "Segoe UI", Arial, sans-serif; fill: #39424d; }
details { margin: .3rem 0 1rem; }
summary { cursor: pointer; color: #0b5cad; font-size: .86rem; }
.legend { font-size: .82rem; color: #39424d; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; }
.legend svg { display: inline-block; width: 14px; min-width: 0; height: 12px; vertical-align: -1px; margin-right: .3rem; }
@media (max-width: 44rem) { .wide table:not(.matrix) { min-width: 42rem; } }
@media (max-width: 40rem) { body { padding: 1rem .75rem 2rem; font-size: 14px; } h1 { font-size: 1.3rem; } td, th { padding-right: .35rem; } }
@page { size: A4; margin: 14mm 13mm 15mm; }
@media print {
  body { max-width: none; padding: 0; font-size: 9.5pt; }
  h2, h3, figcaption { break-after: avoid; }
  section.box { break-before: page; }
  details { display: none; }
  svg, .wide table:not(.matrix) { min-width: 0; }
  .wide { overflow: visible; }
  thead { display: table-header-group; }
}
`;
