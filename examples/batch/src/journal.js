import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** A file with a line for each item that is done. A line that was cut off counts as not done. */
export function openJournal(file) {
  const done = new Map();
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  for (const line of text.split('\n')) {
    try {
      const { id, result } = JSON.parse(line);
      done.set(id, result);
    } catch {}
  }
  // What follows a line that was cut off begins a line of its own.
  if (text !== '' && !text.endsWith('\n')) appendFileSync(file, '\n');
  return {
    has: (id) => done.has(id),
    add(id, result) {
      done.set(id, result);
      appendFileSync(file, `${JSON.stringify({ id, result })}\n`);
    },
  };
}
