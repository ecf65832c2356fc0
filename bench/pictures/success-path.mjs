/** The picture of `npm run bench -- --draw`. */
import * as Plot from '@observablehq/plot';
import { colors, drawPicture, heading } from './picture.mjs';

const TITLE = 'What a request that needs no retry costs on top of bare axios';
const SUBTITLE = 'one request after the other';
const PLUGINS = ['axios-retry', 'retry-axios', 'axios-tenacity'];

/** Below nothing is noise: the label tells it, a bar would not. */
const atLeastNothing = ({ added }) => Math.max(0, added);

/** What each plugin adds to a request that needs no retry, in percent of bare axios. */
export function drawSuccessPath({ noop, http, allocations }) {
  const groups = {
    'CPU, with an adapter that does nothing': noop.sequential,
    'CPU, HTTP to a server on the same machine': http.sequential,
    'allocations, with an adapter that does nothing': allocations.sequential,
  };
  const bars = Object.entries(groups).flatMap(([group, measured]) =>
    PLUGINS.map((plugin) => ({ group, plugin, added: 100 * (measured[plugin].ratio - 1) })),
  );
  drawPicture('success-path', {
    description:
      'What a request that needs no retry costs on top of bare axios: axios-tenacity less than axios-retry, a little more than retry-axios.',
    width: 760,
    height: 340,
    marginTop: 84,
    marginLeft: 110,
    marginRight: 60,
    marginBottom: 10,
    fy: { label: null, domain: Object.keys(groups), axis: null, padding: 0.3 },
    x: { domain: [0, Math.max(...bars.map(({ added }) => added))], axis: null },
    y: { domain: PLUGINS, label: null, tickSize: 0, padding: 0.2 },
    marks: [
      Plot.barX(bars, {
        fy: 'group',
        x: atLeastNothing,
        y: 'plugin',
        fill: ({ plugin }) => (plugin === 'axios-tenacity' ? colors.us : colors.quiet),
      }),
      Plot.text(bars, {
        fy: 'group',
        x: atLeastNothing,
        y: 'plugin',
        text: ({ added }) => `${added < 0 ? '−' : '+'}${Math.abs(added).toFixed(1)} %`,
        textAnchor: 'start',
        dx: 6,
        fontSize: 12,
      }),
      Plot.text(Object.keys(groups), {
        fy: (group) => group,
        text: (group) => group,
        frameAnchor: 'top-left',
        dy: -14,
        fontSize: 12,
        fill: colors.quiet,
      }),
      ...heading(TITLE, SUBTITLE, Object.keys(groups)[0], -20),
    ],
  });
}
