/** Shows how far a batch is: in place on a terminal, as a line now and then elsewhere. */
export function showProgress({ done, failed, waiting, total }) {
  const text = `${done} of ${total} done, ${failed} failed, ${waiting} waiting`;
  if (process.stderr.isTTY) process.stderr.write(`\r${text}\x1b[K`);
  else if (done % 25 === 0 || done === total) console.error(text);
}
