import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { ensureBuild, root, runNode } from '../helpers/children.ts';

/** Runs a script that has everything in demo/`file` as `demo`, and gives what it prints as JSON. */
const ask = async (file: string, script: string): Promise<unknown> => {
  const url = JSON.stringify(pathToFileURL(join(root, 'demo', file)).href);
  return JSON.parse(
    await runNode(
      root,
      '--input-type=module',
      '-e',
      `import * as demo from ${url};\nconst print = (value) => console.log(JSON.stringify(value));\n${script}`,
    ),
  );
};

/** The value of a row of the summary. */
const row = (output: string, label: string): string =>
  new RegExp(`^${label} +(.+)$`, 'm').exec(output)?.[1] ?? '';

describe('the demo', () => {
  let output: string;

  beforeAll(async () => {
    await ensureBuild();
    output = await runNode(root, 'demo/demo.mjs');
  });

  it('waits for less than 12 seconds in all, so that it is soon over', () => {
    const [, waiting] = /of which ([\d.]+) s waiting/.exec(row(output, 'time')) ?? [];
    expect(Number(waiting)).toBeGreaterThan(1);
    expect(Number(waiting)).toBeLessThan(12);
  });

  it('fits into 100 columns, without colours where there is no terminal', () => {
    expect(Math.max(...output.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(output).not.toContain('\x1b');
  });

  it('tells of each of a dozen requests how it ended', () => {
    const outcomes = [...output.matchAll(/^ *(\d+) {2}(\w+ \S+) .* {2}(recovered|given up.*)/gm)];
    expect(outcomes.map(([, number, name, outcome]) => `${number} ${name} ${outcome}`)).toEqual([
      expect.stringMatching('1 GET /catalogue recovered'),
      expect.stringMatching('2 GET /quota recovered'),
      expect.stringMatching('3 GET /flaky-link recovered'),
      expect.stringMatching('4 GET /slow-report recovered'),
      expect.stringMatching('5 GET /big-file recovered'),
      expect.stringMatching('6 GET /job recovered'),
      expect.stringMatching('7 POST /charges/keyed recovered'),
      expect.stringMatching('8 POST /charges/no-key given up: unsafe-method'),
      expect.stringMatching('9 POST /charges/busy recovered'),
      expect.stringMatching('10 POST /charges/second-host recovered'),
      expect.stringMatching('11 GET /down given up: max-attempts'),
      expect.stringMatching('12 GET /maintenance given up: retry-after-too-long'),
    ]);
  });

  it('sums up what the server saw', () => {
    expect(row(output, 'recovered')).toBe('9 of 12');
    expect(row(output, 'attempts')).toBe("25: 24 in the server's ledger, 1 refused by a closed port");
    expect(row(output, 'charges')).toBe("4 in the server's ledger, for 4 orders");
    expect(row(output, 'duplicates')).toBe('none');
  });

  it('draws the wait that the server asked for to scale', () => {
    const [, bar = ''] = /GET \/quota.*\n +(█.*█)$/m.exec(output) ?? [];
    expect(bar).toContain('(Retry-After)');
    // At 20 ms a column 1 s takes 50, and the pace of the cooldown adds at most half of it.
    expect(output).toContain('one column = 20 ms');
    expect(bar.length).toBeGreaterThanOrEqual(52);
    expect(bar.length).toBeLessThanOrEqual(85);
  });
});

describe('the demo in a terminal of another width', () => {
  /** What the demo prints at a width, as lines. */
  const printedAt = async (columns: number): Promise<readonly string[]> => {
    const env = { ...process.env, COLUMNS: String(columns), NO_COLOR: '1', FORCE_COLOR: undefined };
    const { stdout } = await promisify(execFile)(process.execPath, ['demo/demo.mjs'], { cwd: root, env });
    return stdout.split('\n');
  };

  it.each([
    [60, 30],
    [80, 25],
    [140, 15],
  ])('fits into %d columns and breaks lines between words', async (columns, scale) => {
    const lines = await printedAt(columns);
    expect(lines.filter((line) => line.length > columns)).toEqual([]);
    expect(lines.join('\n')).toContain(`one column = ${scale} ms`);
    const text = lines.join(' ').replace(/ +/g, ' ');
    for (const sentence of [
      '12 requests to a flaky server on http://127.0.0.1:',
      '═ wait asked by the server',
      '10 POST /charges/second-host · refused port; beforeRetry changes host',
      'given up: retry-after-too-long',
      "24 in the server's ledger, 1 refused by a closed port",
    ]) {
      expect(text).toContain(sentence);
    }
  });
});

describe('the layout of the demo', () => {
  const flow = (text: string, options: object): Promise<unknown> =>
    ask('layout.mjs', `print(demo.flow(demo.words(${JSON.stringify(text)}), ${JSON.stringify(options)}))`);

  it('breaks lines between words, and indents all but the first', async () => {
    expect(await flow('one two three four', { width: 9, indent: '  ' })).toEqual([
      'one two',
      '  three',
      '  four',
    ]);
  });

  it('puts the outcome to the right edge where there is room, and else on a line of its own', async () => {
    const right = { text: 'done' };
    expect(await flow('one two', { width: 14, right })).toEqual(['one two   done']);
    expect(await flow('one two', { width: 12, right })).toEqual(['one two', '        done']);
    const short = { text: 'ok' };
    expect(await flow('one two three', { width: 12, indent: '  ', right: short })).toEqual([
      'one two',
      '  three   ok',
    ]);
  });

  it('leaves a word whole that is longer than the line', async () => {
    expect(await flow('a endlessly b', { width: 5 })).toEqual(['a', 'endlessly', 'b']);
  });

  it('takes the width of the terminal, then that of the environment, within bounds', async () => {
    const script = `print([
      demo.widthOf({ columns: 72 }, { COLUMNS: '60' }), demo.widthOf({}, { COLUMNS: '60' }), demo.widthOf({}, {}),
      demo.widthOf({ columns: 0 }, { COLUMNS: 'wide' }), demo.widthOf({ columns: 10 }, {}), demo.widthOf({ columns: 400 }, {}),
    ])`;
    expect(await ask('layout.mjs', script)).toEqual([72, 60, 100, 100, 40, 140]);
  });
});

describe('the ledger of the demo', () => {
  it('counts an order that was charged twice, and not one that was sent twice under one key', async () => {
    const script = `
      const server = await demo.startServer();
      const send = (path, key) => fetch(server.url + path, {
        method: 'POST', body: JSON.stringify({ order: path }), headers: key ? { 'idempotency-key': key } : {},
      }).catch(() => undefined);
      await send('/charges/no-key');
      await send('/charges/no-key');
      await send('/charges/keyed', 'one');
      await send('/charges/keyed', 'one');
      await server.close();
      print({ requests: server.ledger.requests.length, duplicates: demo.duplicatesIn(server.ledger) });`;
    expect(await ask('server.mjs', script)).toEqual({ requests: 4, duplicates: ['/charges/no-key'] });
  });
});

describe('the timeline of the demo', () => {
  const report = {
    attempts: [
      { number: 1, startedAt: 0, duration: 2, code: 'ECONNRESET', delay: 198 },
      { number: 2, startedAt: 200, duration: 60, status: 503, delay: 400 },
      { number: 3, startedAt: 660, duration: 1, status: 200 },
    ],
    omitted: 0,
    elapsed: 661,
    totalDelay: 598,
  };
  const draw = (colours: boolean, width: number): Promise<unknown> =>
    ask(
      'timeline.mjs',
      `print(demo.drawTimeline(demo.createPen(${colours}), ${JSON.stringify(report)}, { width: ${width}, scale: 20, sources: ['backoff', 'backoff'] }))`,
    );

  it('puts each attempt where it began, and its result below it', async () => {
    expect(await draw(false, 96)).toEqual({
      scale: 20,
      lines: ['█─198 ms──███────── 400 ms ──────█', 'ECONNRESET                       200', '          503'],
    });
  });

  it('ends a label at the right edge that would go beyond it', async () => {
    const lines = ((await draw(false, 35)) as { readonly lines: readonly string[] }).lines;
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(35);
    expect(lines[1]).toMatch(/ 200$/);
  });

  it('puts more time into a column until the request fits', async () => {
    expect(await draw(false, 24)).toMatchObject({ scale: 40 });
  });

  it('is coloured when the terminal shows colours', async () => {
    expect(await draw(true, 96)).toMatchObject({
      lines: [expect.stringContaining('\x1b[33m█\x1b[0m'), expect.anything(), expect.anything()],
    });
  });
});
