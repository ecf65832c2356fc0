import { readFileSync } from 'node:fs';
import axios from 'axios';
import { batch } from 'axios-tenacity';
import { openJournal } from './journal.js';
import { showProgress } from './progress.js';

const [source = 'contacts.json', journalFile = 'done.jsonl'] = process.argv.slice(2);
const contacts = JSON.parse(readFileSync(source, 'utf8'));
const journal = openJournal(journalFile);
const left = contacts.filter(({ id }) => !journal.has(id));
console.error(`${contacts.length} contacts, ${left.length} left to send`);

const client = axios.create({ baseURL: process.env.API_URL ?? 'http://127.0.0.1:4000', timeout: 10_000 });

// The first Ctrl-C lets go of what is not sent yet; the second ends the process, as usual.
const stopping = new AbortController();
process.once('SIGINT', () => {
  console.error('\nStopping. What is in flight finishes; start again to go on.');
  stopping.abort(new Error('stopped'));
});

async function send(contact) {
  // The key is that of the contact, so a contact that is sent twice, even by two runs, is stored once.
  const headers = { 'Idempotency-Key': `contact-${contact.id}` };
  const { data } = await client.post('/contacts', contact, { headers });
  // Written down here, for an item that was in flight when the batch was stopped is done as well.
  journal.add(contact.id, data);
}

const { rejected } = await batch(left, send, {
  concurrency: 5,
  maxRounds: 5,
  signal: stopping.signal,
  // After a broken connection nobody knows whether the contact is stored, so the batch would not send it again, not even after
  // a 429 that comes later. Thanks to the key it may.
  retryIf: ({ failure }) => failure === 'ambiguous' || failure === 'refused' || undefined,
  onProgress: showProgress,
});

if (stopping.signal.aborted) process.exitCode = 130;
else if (rejected.size > 0) {
  console.error(`\n${rejected.size} failed:`);
  for (const [{ id }, error] of rejected) console.error(`  ${id}: ${error.message}`);
  process.exitCode = 1;
} else console.error('\nAll done.');
