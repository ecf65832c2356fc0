import axios from 'axios';
import { client } from './client.js';

const connection = document.querySelector('#connection');
const form = document.querySelector('#form');
const notes = document.querySelector('#notes');

const showConnection = () => {
  connection.textContent = navigator.onLine
    ? 'Online'
    : 'Offline: notes are sent when the connection is back';
};
window.addEventListener('online', showConnection);
window.addEventListener('offline', showConnection);
showConnection();

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void save(new FormData(form).get('text'));
  form.reset();
});

async function save(text) {
  const canceller = new AbortController();
  const { item, state, cancel } = addNote(text);
  cancel.addEventListener('click', () => canceller.abort());
  try {
    // The key makes it safe to repeat a POST whose answer was lost.
    await client.post('/notes', { text }, { signal: canceller.signal, retry: { idempotencyKey: true } });
    state.textContent = 'saved';
    cancel.remove();
  } catch (error) {
    if (canceller.signal.aborted || axios.isCancel(error)) return item.remove();
    state.textContent = `not saved: ${error.message}`;
    cancel.remove();
  }
}

function addNote(text) {
  const item = document.createElement('li');
  const state = document.createElement('em');
  const cancel = document.createElement('button');
  state.textContent = 'saving';
  cancel.textContent = 'Cancel';
  item.append(text, ' ', state, ' ', cancel);
  notes.append(item);
  return { item, state, cancel };
}
