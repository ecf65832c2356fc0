/** How every picture looks, in light and in dark mode, and where it goes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

const docs = join(import.meta.dirname, '../../docs');

/** For a light background; the style sheet of the picture replaces each by its neighbour on a dark one. */
const palette = {
  us: ['#0969da', '#4493f8'],
  one: ['#bc4c00', '#f0883e'],
  other: ['#a6378a', '#f778ba'],
  quiet: ['#6e7781', '#9198a1'],
  faint: ['#d8dee4', '#30363d'],
};
const ink = ['#1f2328', '#e6edf3'];

export const colors = Object.fromEntries(Object.entries(palette).map(([name, [light]]) => [name, light]));

const darkColors = Object.values(palette)
  .flatMap(([light, dark]) => ['fill', 'stroke'].map((kind) => `[${kind}="${light}"] { ${kind}: ${dark} }`))
  .join('\n');

const style = `
text { white-space: pre }
@media (prefers-color-scheme: dark) {
svg { color: ${ink[1]} }
${darkColors}
}
`;

export const count = (value) => value.toLocaleString('en-US');

/** Title and subtitle, above the frame; above the facet `fy` where there are several. */
export const heading = (title, subtitle, fy, dy = 0) => {
  const place = { frameAnchor: 'top-left', ...(fy && { fy: [fy] }) };
  return [
    Plot.text([title], { ...place, dy: dy - 46, fontSize: 15, fontWeight: 600 }),
    Plot.text([subtitle], { ...place, dy: dy - 26, fontSize: 12, fill: colors.quiet }),
  ];
};

/** A line of text that says what the axis above or beside it counts. */
export const note = (text, options) => Plot.text([text], { fontSize: 12, fill: colors.quiet, ...options });

/** Draws a plot into `docs/`, readable by people who cannot see it as well. */
export function drawPicture(name, { description, ...options }) {
  const { document } = parseHTML('<html><body></body></html>');
  const svg = Plot.plot({ document, className: 'plot', color: { type: 'identity' }, ...options });
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  svg.setAttribute('role', 'img');
  svg.setAttribute('color', ink[0]);
  svg.setAttribute('font-size', '12');
  svg.querySelector('style')?.remove();
  for (const [tag, text] of [
    ['style', style],
    ['title', description],
  ]) {
    const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
    element.textContent = text;
    svg.prepend(element);
  }
  writeFileSync(join(docs, `${name}.svg`), `${svg.outerHTML.replaceAll('><', '>\n<')}\n`);
}
