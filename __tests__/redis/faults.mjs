// What becomes of a fleet when Redis fails.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  check,
  compareLatency,
  decide,
  equal,
  eventually,
  kindNames,
  left,
  limit,
  ORIGIN,
  ok,
  retry,
  Stage,
  startApi,
  tokensIn,
  unhandled,
} from './harness.mjs';

/** A loaded machine must not fail this; the figures are shown. */
const MOST_SLOWER = 3;
const SLOWEST_DECISION = 25;

/** Each fault: how it begins, how it ends, and how the server is configured. */
const faults = {
  'killed in the middle': {
    begin: ({ server }) => server.kill(),
    end: ({ server }) => server.start(),
  },
  'standing still (SIGSTOP)': {
    begin: ({ server }) => server.freeze(),
    end: ({ server }) => server.thaw(),
  },
  'paused (CLIENT PAUSE)': {
    // It holds up whoever would end it, too.
    begin: ({ control }) => control.sendCommand(['CLIENT', 'PAUSE', '8000', 'ALL']),
    end: () => undefined,
  },
  'a read-only replica': {
    begin: ({ control }) => control.sendCommand(['REPLICAOF', '127.0.0.1', '1']),
    end: ({ control }) => control.sendCommand(['REPLICAOF', 'NO', 'ONE']),
  },
  'out of memory (maxmemory)': {
    begin: ({ control }) => control.configSet('maxmemory', '1'),
    end: ({ control }) => control.configSet('maxmemory', '0'),
  },
  'a password that has changed': {
    async begin({ control }) {
      await control.configSet('requirepass', 'another');
      await control.sendCommand(['AUTH', 'another']);
      await control.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
      await control.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub']);
    },
    end: ({ control }) => control.configSet('requirepass', ''),
  },
};

/** Goes on as an application does, a failure and a hint every few milliseconds. */
async function carryOn(fleet, ms) {
  for (const end = performance.now() + ms; performance.now() < end; await sleep(5)) {
    retry(fleet);
    limit(fleet, 3_000 + 200 * Math.random());
  }
}

export async function testFaults() {
  Stage.timeout = undefined;
  const api = await startApi();
  for (const kind of kindNames) {
    console.log(`\nFaults, ${kind}`);
    for (const [name, fault] of Object.entries(faults)) {
      await check(`${name}: nobody waits, nothing piles up, and back in step`, async (stage) => {
        const server = await stage.redis();
        const control = await stage.control(server);
        const fleet = stage.fleet(await stage.connected(kind, server));
        const witness = stage.fleet(await stage.connected(kind, server));
        await stage.inStep(fleet, witness);

        await fault.begin({ server, control });
        await carryOn(fleet, 400);
        await eventually('the loss is noticed', () => fleet.state().connectivity === 'disconnected');
        const { commands } = fleet.state();
        const slowest = decide(fleet);
        await carryOn(fleet, 1_200);
        const { within, without, ratio } = await compareLatency(api.url, fleet);
        const more = fleet.state().commands - commands;
        ok(more <= 6, `${more} commands were sent meanwhile`);
        ok(fleet.state().error instanceof Error, 'no error tells why');
        ok(slowest < SLOWEST_DECISION, `a decision took ${slowest} ms`);
        ok(ratio < MOST_SLOWER, `${within} ms and not ${without} ms`);

        await fault.end({ server, control });
        await stage.inStep(fleet, witness);
        limit(fleet, 30_000);
        await eventually('the other hears again', () => left(witness) > 25_000);
        limit(witness, 50_000);
        await eventually('it hears the other again', () => left(fleet) > 45_000);
        const told = fleet.changes.map(({ connectivity }) => connectivity);
        equal(told, ['connected', 'disconnected', 'connected'], 'what the observer was told');
        return `p50 ${within.toFixed(2)} ms, without ${without.toFixed(2)} ms; p99 of a decision ${slowest.toFixed(3)} ms; ${more} commands`;
      });
    }

    await check('killed before: each goes by itself, and in step once it is there', async (stage) => {
      const server = await stage.redis();
      await server.kill();
      const fleets = [stage.fleet(stage.client(kind, server)), stage.fleet(stage.client(kind, server))];
      await eventually('the loss is noticed', () => fleets[0].state().connectivity === 'disconnected');
      await carryOn(fleets[0], 300);
      equal(fleets[0].state().commands, 0, 'commands');
      ok(left(fleets[0]) > 2_000, 'its own cooldown does not work');
      await server.start();
      await stage.inStep(...fleets);
      ok(left(fleets[1]) > 500, 'the other was not told on reconnection');
    });

    await check('a wrong password: each goes by itself', async (stage) => {
      const server = await stage.redis({ args: ['--requirepass', 'right'] });
      const fleet = stage.fleet(stage.client(kind, { port: server.port, password: 'wrong' }));
      await eventually('the loss is noticed', () => fleet.state().connectivity === 'disconnected');
      await carryOn(fleet, 500);
      ok(retry(fleet, false, 'https://another.example.com') !== undefined, 'no retry');
      equal([fleet.state().commands, fleet.changes.length], [0, 1], 'commands and changes');
      return fleet.state().error.message;
    });

    await check(
      'a user who may not subscribe: each goes by itself, and the error says why',
      async (stage) => {
        const server = await stage.redis({ config: 'user fleet on >secret ~* resetchannels +@all\n' });
        const fleet = stage.fleet(
          await stage.connected(kind, { port: server.port, username: 'fleet', password: 'secret' }),
        );
        await eventually('the loss is noticed', () => fleet.state().connectivity === 'disconnected');
        await sleep(1_500);
        equal(fleet.changes.length, 1, 'changes');
        ok(/NOPERM/.test(String(fleet.state().error)), String(fleet.state().error));
      },
    );

    await check('a script cache that was flushed is no fault', async (stage) => {
      const server = await stage.redis();
      const control = await stage.control(server);
      const fleets = [
        stage.fleet(await stage.connected(kind, server)),
        stage.fleet(await stage.connected(kind, server)),
      ];
      await stage.inStep(...fleets);
      await control.sendCommand(['SCRIPT', 'FLUSH']);
      limit(fleets[0], 5_000);
      await eventually('the other knows', () => left(fleets[1]) > 4_000);
      retry(fleets[0]);
      await eventually('the bucket is told', async () => (await tokensIn(control)) < 490);
      equal(fleets[0].changes.length, 1, 'changes');
    });

    await check('a restart on the spot loses no pause', async (stage) => {
      const server = await stage.redis();
      const fleets = [
        stage.fleet(await stage.connected(kind, server)),
        stage.fleet(await stage.connected(kind, server)),
      ];
      await stage.inStep(...fleets);
      limit(fleets[0], 30_000);
      await eventually('the other knows', () => left(fleets[1]) > 20_000);
      await server.kill();
      await server.start();
      await eventually('the loss was noticed', () => fleets.every(({ changes }) => changes.length >= 2));
      await stage.inStep(...fleets);
      const late = stage.fleet(await stage.connected(kind, server));
      await stage.inStep(late);
      ok(left(late) > 15_000, 'who comes later is not told');
    });

    await check(
      'what Redis is told late, once it moves again, neither pauses nor drains the fleet',
      async (stage) => {
        const server = await stage.redis();
        const control = await stage.control(server);
        const fleet = stage.fleet(await stage.connected(kind, server));
        await stage.inStep(fleet);
        // Both scripts are cached, and the time of Redis is known.
        retry(fleet, false, 'https://first.example.com');
        limit(fleet, 300, 'https://first.example.com');
        await sleep(300);
        server.freeze();
        retry(fleet);
        limit(fleet, 1_500);
        await sleep(2_500);
        server.thaw();
        await stage.inStep(fleet);
        equal(await tokensIn(control), 500, 'tokens');
        equal(await control.zScore('axios-tenacity:{cooldown}', ORIGIN), null, 'the pause');
      },
    );

    await check('who was cut off spends nothing of the others, also not afterwards', async (stage) => {
      const server = await stage.redis();
      const control = await stage.control(server);
      const fleet = stage.fleet(await stage.connected(kind, server));
      await stage.inStep(fleet);
      await server.kill();
      await eventually('the loss is noticed', () => fleet.state().connectivity === 'disconnected');
      let granted = 0;
      for (let i = 0; i < 100; i += 1) granted += retry(fleet) === undefined ? 0 : 1;
      ok(granted > 10 && granted < 30, `${granted} retries without Redis`);
      await server.start();
      await stage.inStep(fleet);
      await sleep(700);
      await control.connect().catch(() => undefined);
      await eventually('the control is back', () => control.isReady);
      equal(await tokensIn(control), 500, 'tokens');
    });
  }
  await check('no rejection was left unhandled', () => {
    equal(unhandled.map(String), [], 'rejections');
  });
  api.close();
}
