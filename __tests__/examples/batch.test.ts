import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answer, closeServers, type Exchange, resetAfterReading, startServer } from '../helpers/server.ts';
import { copyExample, endPrograms, type Program, removeProjects, start, until } from './project.ts';

const CONTACTS = 60;
const PER_SECOND = 15;

/** An API that takes some contacts a second, and knows a contact that it is sent again by its key. */
class Contacts {
  /** How often each contact was stored. */
  readonly stored = new Map<number, number>();
  /** How often each contact was sent and not refused. */
  readonly sent = new Map<number, number>();
  refused = 0;
  readonly #keys = new Set<unknown>();
  readonly #unlucky = new Set<number>();
  #second = 0;
  #taken = 0;

  deal(exchange: Exchange): unknown {
    const { id } = JSON.parse(exchange.recorded.text);
    const second = Math.floor(performance.now() / 1_000);
    if (second !== this.#second) this.#taken = 0;
    this.#second = second;
    this.#taken += 1;
    // What was lost meets the limit when it is sent again.
    const isUnlucky = this.sent.get(id) === 1 && id % 20 === 0 && !this.#unlucky.has(id);
    if (isUnlucky) this.#unlucky.add(id);
    if (isUnlucky || this.#taken > PER_SECOND) {
      this.refused += 1;
      return answer(429, {}, { 'retry-after': 1 })(exchange);
    }
    const times = add(this.sent, id);
    const key = exchange.recorded.headers['idempotency-key'];
    if (!this.#keys.has(key)) add(this.stored, id);
    this.#keys.add(key);
    // Of some the answer is lost after they were stored.
    return times === 1 && id % 20 === 0 ? resetAfterReading()(exchange) : answer(201, { id })(exchange);
  }
}

function add(counts: Map<number, number>, id: number): number {
  const count = (counts.get(id) ?? 0) + 1;
  counts.set(id, count);
  return count;
}

describe('the batch', () => {
  let folder: string;
  let contacts: Contacts;
  let run: () => Program;

  beforeEach(async () => {
    folder = await copyExample('batch');
    contacts = new Contacts();
    const { url } = await startServer((exchange) => contacts.deal(exchange));
    const list = Array.from({ length: CONTACTS }, (_, index) => ({
      id: index + 1,
      name: `Contact ${index}`,
    }));
    writeFileSync(join(folder, 'contacts.json'), JSON.stringify(list));
    run = () => start(folder, ['src/main.js', 'contacts.json', 'done.jsonl'], { API_URL: url });
  });
  afterEach(async () => {
    await endPrograms();
    await closeServers();
  });
  afterAll(removeProjects);

  /** The contacts of the journal, in its order. */
  const journal = (): readonly number[] =>
    readFileSync(join(folder, 'done.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).id);

  it('sends everything within the rate limit and says how far it is', async () => {
    const batch = run();
    const ended = await batch.ended;
    // Of a failure it says why.
    expect(batch.output).not.toContain('failed:');
    expect(ended).toEqual([0, null]);
    expect(batch.output).toContain(`${CONTACTS} contacts, ${CONTACTS} left to send`);
    expect(batch.output).toMatch(/^25 of 60 done, 0 failed, \d+ waiting$/m);
    expect(batch.output).toContain('60 of 60 done, 0 failed, 0 waiting');
    expect(batch.output).toContain('All done.');
    expect(contacts.refused).toBeGreaterThan(0);
    expect([...contacts.stored.values()]).toEqual(Array(CONTACTS).fill(1));
    expect(new Set(journal()).size).toBe(CONTACTS);
  });

  // Windows has no SIGINT that another process can send.
  const itOnUnix = process.platform === 'win32' ? it.skip : it;

  itOnUnix('stops on Ctrl-C, and goes on where it stopped', async () => {
    const first = run();
    await until(() => contacts.stored.size >= 10);
    first.signal('SIGINT');
    expect(await first.ended).toEqual([130, null]);
    const before = journal();
    expect(before.length).toBeGreaterThanOrEqual(5);
    expect(before.length).toBeLessThan(CONTACTS);
    const sentBefore = new Map(contacts.sent);

    const second = run();
    expect(await second.ended).toEqual([0, null]);
    expect(second.output).toContain(`${CONTACTS} contacts, ${CONTACTS - before.length} left to send`);
    // What was done was not sent again, and nothing was stored twice.
    expect(before.filter((id) => contacts.sent.get(id) !== sentBefore.get(id))).toEqual([]);
    expect([...contacts.stored.values()]).toEqual(Array(CONTACTS).fill(1));
    expect(new Set(journal()).size).toBe(CONTACTS);
  });

  it('takes a line of the journal that was cut off for not done', async () => {
    writeFileSync(join(folder, 'done.jsonl'), '{"id":1,"result":{}}\n{"id":2,"res');
    const batch = run();
    expect(await batch.ended).toEqual([0, null]);
    expect(contacts.stored.has(1)).toBe(false);
    expect(contacts.stored.get(2)).toBe(1);
    expect(contacts.stored.size).toBe(CONTACTS - 1);
  });

  it('tells what failed for good', async () => {
    await closeServers();
    const { url, requests } = await startServer((exchange) =>
      JSON.parse(exchange.recorded.text).id === 3 ? answer(422)(exchange) : answer(201)(exchange),
    );
    const batch = start(folder, ['src/main.js'], { API_URL: url });
    expect(await batch.ended).toEqual([1, null]);
    expect(requests).toHaveLength(CONTACTS);
    expect(batch.output).toMatch(/^1 failed:\n {2}3: Request failed with status code 422$/m);
  });
});
