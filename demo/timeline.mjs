/** Draws the report of a request as a timeline to scale. */

const ATTEMPT = '█';
const WAIT = { backoff: '─', server: '═' };

/** @param colours whether the terminal shows colours */
export function createPen(colours) {
  const ink = (code) => (text) => (colours && text !== '' ? `\x1b[${code}m${text}\x1b[0m` : text);
  return { bold: ink(1), dim: ink(2), red: ink(31), green: ink(32), yellow: ink(33), cyan: ink(36) };
}

export const showTime = (ms) => (ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(2)} s`);

/**
 * A line of attempts and waits, and below it what each attempt came to.
 *
 * @param scale milliseconds in a column; doubled until the request fits into `width` columns
 * @param sources who chose each wait: `backoff` or `server`
 */
export function drawTimeline(pen, { attempts, elapsed, reason }, { width, scale, sources }) {
  while (elapsed / scale + attempts.length > width - 1) scale *= 2;
  const origin = attempts[0].startedAt;
  let bar = '';
  let column = 0;
  const labels = [];

  attempts.forEach(({ startedAt, duration, status, code, delay }, index) => {
    const start = Math.max(column, Math.round((startedAt - origin) / scale));
    if (index > 0) bar += drawWait(pen, start - column, attempts[index - 1].delay, sources[index - 1]);
    const length = Math.max(1, Math.round(duration / scale));
    const colour = delay !== undefined ? pen.yellow : reason === undefined ? pen.green : pen.red;
    bar += colour(ATTEMPT.repeat(length));
    labels.push({ column: start, text: String(status ?? code ?? 'error'), colour });
    column = start + length;
  });
  return { lines: [bar, ...drawLabels(labels, width)], scale };
}

function drawWait(pen, length, delay, source = 'backoff') {
  const colour = source === 'server' ? pen.cyan : pen.dim;
  const stroke = WAIT[source];
  const time = source === 'server' ? `${showTime(delay)} (Retry-After)` : showTime(delay);
  const text = [` ${time} `, time].find((each) => each.length + 2 <= length) ?? '';
  const left = Math.floor((length - text.length) / 2);
  return colour(stroke.repeat(left) + text + stroke.repeat(length - text.length - left));
}

/** Each label begins below its attempt, or ends at the right edge; one that has no room there goes a line down. */
function drawLabels(labels, width) {
  const lines = [];
  for (const { column: below, text, colour } of labels) {
    const column = Math.max(0, Math.min(below, width - text.length));
    let line = lines.find(({ length }) => length === 0 || length < column);
    if (line === undefined) {
      line = { text: '', length: 0 };
      lines.push(line);
    }
    line.text += ' '.repeat(column - line.length) + colour(text);
    line.length = column + text.length;
  }
  return lines.map(({ text }) => text);
}
