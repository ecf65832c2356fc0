// What the processes of a fleet share while Redis is well.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  check,
  clientOf,
  equal,
  eventually,
  kindNames,
  left,
  limit,
  median,
  now,
  ORIGIN,
  OTHER,
  ok,
  PATIENT,
  p99,
  retry,
  Stage,
  startApi,
  tokensIn,
} from './harness.mjs';

/** The rights that the guide gives a user of Redis. */
const [, RIGHTS] = /ACL SETUSER fleet on >password ([^`]+)```/.exec(
  readFileSync(new URL('../../docs/guide/fleet.md', import.meta.url), 'utf8'),
);

export async function testSharing() {
  Stage.timeout = PATIENT;
  const api = await startApi();
  for (const kind of kindNames) {
    console.log(`\nSharing, ${kind}`);
    await check('a pause that one was asked for is kept by all, and by who comes later', async (stage) => {
      const server = await stage.redis();
      const clients = await Promise.all(Array.from({ length: 8 }, () => stage.connected(kind, server)));
      const fleets = clients.map((client) => stage.fleet(client));
      await stage.inStep(...fleets);
      const latencies = [];
      for (let wait = 20_000; wait < 60_000; wait += 2_000) {
        const startedAt = now();
        limit(fleets[0], wait);
        await eventually('all know', () => fleets.every((fleet) => left(fleet) > wait - 1_500));
        latencies.push(now() - startedAt);
      }
      const late = stage.fleet(await stage.connected(kind, server));
      await stage.inStep(late);
      ok(Math.abs(left(late) - left(fleets[0])) < 1_000, `${left(late)} is not ${left(fleets[0])}`);
      return `all 8 know: p50 ${median(latencies).toFixed(1)} ms, p99 ${p99(latencies).toFixed(1)} ms`;
    });

    await check(
      'all retries are paid from one bucket, and none goes by two optimists for long',
      async (stage) => {
        const server = await stage.redis();
        const fleets = [];
        for (let i = 0; i < 6; i += 1) fleets.push(stage.fleet(await stage.connected(kind, server)));
        await stage.inStep(...fleets);
        let granted = 0;
        for (let round = 0; round < 40; round += 1) {
          for (const fleet of fleets) granted += retry(fleet) === undefined ? 0 : 1;
          await sleep(20);
        }
        // 500 tokens at 14 each pay for 35 retries, and a little more flows in meanwhile; alone each would have had 35.
        ok(granted >= 30 && granted <= 35 + fleets.length + 20, `${granted} retries were let through`);
        return `${granted} retries of 240`;
      },
    );

    await check('what many spend at the same moment beyond the tokens is owed', async (stage) => {
      const server = await stage.redis();
      const control = await stage.control(server);
      const fleets = [];
      for (let i = 0; i < 4; i += 1) fleets.push(stage.fleet(await stage.connected(kind, server)));
      await stage.inStep(...fleets);
      const granted = fleets.map((fleet) => {
        let count = 0;
        while (retry(fleet) !== undefined) count += 1;
        return count;
      });
      equal(granted, [17, 17, 17, 17], 'retries before anybody heard of the others');
      const owed = 4 * 17 * 14 - 500;
      await eventually('all is told', async () => (await tokensIn(control)) < 100 - owed);
      await eventually('all know', () => fleets.every((fleet) => fleet.state().tokens.get(ORIGIN) < 0));
    });

    await check('a fleet in which all is well sends nothing', async (stage) => {
      const server = await stage.redis();
      const control = await stage.control(server);
      const fleets = [];
      for (let i = 0; i < 3; i += 1) fleets.push(stage.fleet(await stage.connected(kind, server)));
      await stage.inStep(...fleets);
      const apis = fleets.map((fleet) => clientOf(api.url, { throttle: fleet.throttle }));
      const before = fleets.map((fleet) => fleet.state().commands);
      const scripts = async () =>
        /cmdstat_eval(sha)?:calls=\d+/.exec(await control.info('commandstats'))?.[0];
      const calls = await scripts();
      for (let i = 0; i < 100; i += 1) await Promise.all(apis.map((client) => client.get('/good')));
      await sleep(1_000);
      equal(
        fleets.map((fleet) => fleet.state().commands),
        before,
        'commands',
      );
      equal(await scripts(), calls, 'scripts that Redis ran');
    });

    await check('one 429 is heard by all, and nothing is sent until the limit is over', async (stage) => {
      const server = await stage.redis();
      const limited = await startApi();
      stage.later(() => limited.close());
      const clients = [];
      for (let i = 0; i < 4; i += 1) {
        const fleet = stage.fleet(await stage.connected(kind, server), { cooldown: { hold: true } });
        await stage.inStep(fleet);
        const { throttle, cooldown } = fleet;
        clients.push(clientOf(limited.url, { throttle, cooldown, baseDelay: 100 }));
      }
      const first = clients[0].get('/limited');
      const watch = clientOf(limited.url, {});
      const seen = async () => Object.fromEntries((await watch.get('/seen')).data);
      await eventually('the first is refused', async () => (await seen())['/limited 429'] === 1);
      await sleep(200);
      const rest = [];
      for (let i = 0; i < 5; i += 1) {
        for (const client of clients.slice(1)) rest.push(client.get('/limited'));
        await sleep(100);
      }
      const answers = await Promise.all([first, ...rest]);
      ok(
        answers.every(({ status }) => status === 200),
        'not all succeed',
      );
      equal(await seen(), { '/limited 429': 1, '/limited 200': 16 }, 'what the API answered');
    });

    await check('an outage: many small clients retry as one would', async (stage) => {
      const server = await stage.redis();
      const down = await startApi();
      stage.later(() => down.close());
      const clients = [];
      for (let i = 0; i < 20; i += 1) {
        const { throttle, cooldown } = stage.fleet(await stage.connected(kind, server));
        clients.push(clientOf(down.url, { throttle, cooldown, maxAttempts: 5 }));
      }
      await sleep(300);
      const requests = 200;
      for (let i = 0; i < requests; i += 1) {
        clients[i % clients.length].get('/bad').catch(() => undefined);
        await sleep(5);
      }
      await sleep(300);
      const attempts = Object.fromEntries((await clients[0].get('/seen')).data)['/bad 503'];
      // Alone each would retry all of its ten requests: five attempts for each request.
      ok(attempts / requests < 2.2, `${attempts / requests} attempts per request`);
      return `${(attempts / requests).toFixed(2)} attempts per request`;
    });

    await check('a bucket that is full, and a pause that is over, leave no key behind', async (stage) => {
      const server = await stage.redis();
      const control = await stage.control(server);
      const fleet = stage.fleet(await stage.connected(kind, server), { tokens: { refillTime: 20_000 } });
      // Tokens that are back after 2.8 s.
      const spend = () => Array.from({ length: 5 }, () => retry(fleet));
      await stage.inStep(fleet);
      spend();
      limit(fleet, 2_000);
      await eventually('two keys', async () => (await control.dbSize()) === 2);
      for (const key of await control.keys('*')) {
        // -2 is that of a key that is gone by now.
        ok((await control.pTTL(key)) !== -1, `${key} lives for ever`);
        ok(key.startsWith('axios-tenacity:{'), key);
      }
      await eventually('no key', async () => (await control.dbSize()) === 0);
      spend();
      await eventually('the bucket is told', async () => (await control.dbSize()) === 1);
      for (let i = 0; i < 200; i += 1) fleet.throttle.give(ORIGIN, now());
      await eventually('what was earned is told', async () => (await control.dbSize()) === 0, 2_200);
      await eventually('the process forgets a full bucket', () => fleet.throttle.idle);
    });

    await check('one process that fails alone leaves the others at least half', async (stage) => {
      const server = await stage.redis();
      const control = await stage.control(server);
      const [bad, good] = [
        stage.fleet(await stage.connected(kind, server)),
        stage.fleet(await stage.connected(kind, server)),
      ];
      await stage.inStep(bad, good);
      for (let i = 0; i < 100; i += 1) retry(bad, true);
      await sleep(100);
      equal(await tokensIn(control), 500, 'tokens after failures that never left the machine');
      equal(retry(bad), undefined, 'a retry of the bad one');
      for (let i = 0; i < 100; i += 1) retry(bad, false, OTHER);
      await sleep(600);
      const rest = await tokensIn(control, undefined, OTHER);
      ok(rest >= 240, `only ${rest} tokens are left`);
      ok(retry(good, false, OTHER) !== undefined, 'the good one may not retry');
    });

    await check(
      'neither a path nor an account nor a secret becomes a key, a message or a log',
      async (stage) => {
        const server = await stage.redis();
        const control = await stage.control(server);
        const watcher = await stage.control(server);
        const seen = [];
        await watcher.pSubscribe('*', (message, channel) => seen.push(message, channel));
        const cooldown = { scope: () => 'Bearer s3cret of anna@example.com /v1/p4th' };
        const fleet = stage.fleet(await stage.connected(kind, server), { cooldown });
        await stage.inStep(fleet);
        limit(fleet, 5_000, fleet.cooldown.scopeOf({ url: '/' }));
        fleet.throttle.take('http://localhost/var/run/p4th.sock', false, now());
        await eventually('two keys', async () => (await control.dbSize()) === 2);
        const keys = await control.keys('*');
        const members = await control.zRange('axios-tenacity:{cooldown}', 0, -1);
        const all = JSON.stringify([
          keys,
          members,
          seen,
          [...fleet.state().pauses],
          [...fleet.state().tokens],
        ]);
        ok(!/s3cret|anna|p4th/.test(all), all);
        ok(seen.length > 0, 'nothing was published');
      },
    );

    await check('a user with the rights of the manual and no others is enough', async (stage) => {
      const server = await stage.redis({
        config: `user fleet on >secret ${RIGHTS.replaceAll(/\s+/g, ' ')}\n`,
      });
      const options = { port: server.port, username: 'fleet', password: 'secret' };
      const fleets = [
        stage.fleet(await stage.connected(kind, options), { prefix: 'my-app' }),
        stage.fleet(await stage.connected(kind, options), { prefix: 'my-app' }),
      ];
      await stage.inStep(...fleets);
      limit(fleets[0], 5_000);
      retry(fleets[0]);
      await eventually('the other knows', () => left(fleets[1]) > 4_000);
      await sleep(300);
      equal(
        fleets.map((fleet) => fleet.state().connectivity),
        ['connected', 'connected'],
        'connectivity',
      );
    });

    await check('a key prefix of the client changes nothing', async (stage) => {
      const server = await stage.redis();
      const fleets = [
        stage.fleet(await stage.connected(kind, { port: server.port, keyPrefix: 'a:' })),
        stage.fleet(await stage.connected(kind, { port: server.port, keyPrefix: 'a:' })),
      ];
      await stage.inStep(...fleets);
      limit(fleets[0], 5_000);
      await eventually('the other knows', () => left(fleets[1]) > 4_000);
    });

    await check('a client without an offline queue that is not ready yet is no trap', async (stage) => {
      const server = await stage.redis();
      const options = { port: server.port, offlineQueue: false, RESP: 2 };
      const fleets = [stage.fleet(stage.client(kind, options)), stage.fleet(stage.client(kind, options))];
      await stage.inStep(...fleets);
      limit(fleets[0], 5_000);
      await eventually('the other knows', () => left(fleets[1]) > 4_000);
      equal(fleets[1].changes.length, 1, 'changes');
    });

    await check('two fleets with different prefixes know nothing of each other', async (stage) => {
      const server = await stage.redis();
      const a = stage.fleet(await stage.connected(kind, server), { prefix: 'a' });
      const b = stage.fleet(await stage.connected(kind, server), { prefix: 'b' });
      await stage.inStep(a, b);
      limit(a, 5_000);
      for (let i = 0; i < 40; i += 1) retry(a);
      await sleep(300);
      equal([left(b), b.state().tokens.size], [0, 0], 'what b knows');
    });

    await check(
      'close() ends its own connection, leaves the client open and goes on alone',
      async (stage) => {
        const server = await stage.redis();
        const control = await stage.control(server);
        const client = await stage.connected(kind, server);
        const count = async () => (await control.clientList()).length;
        const before = await count();
        const listeners = () =>
          client.eventNames().reduce((sum, name) => sum + client.listenerCount(name), 0);
        const listenersBefore = listeners();
        const fleet = stage.fleet(client);
        await stage.inStep(fleet);
        equal(await count(), before + 1, 'connections');
        await fleet.close();
        await fleet.close();
        await eventually('the connection is gone', async () => (await count()) === before);
        equal(listeners(), listenersBefore, 'listeners on the client');
        const { commands, connectivity } = fleet.state();
        equal(connectivity, 'closed', 'connectivity');
        limit(fleet, 5_000);
        ok(retry(fleet) !== undefined && left(fleet) > 4_000, 'it does not go on');
        await sleep(100);
        equal(fleet.state().commands, commands, 'commands');
        equal(await client.ping(), 'PONG', 'the client');
        equal(fleet.changes.length, 1, 'changes');
      },
    );
  }
  api.close();
}
