// `npm run test:chaos`: attacks on the built package, with real connections on 127.0.0.1. Three parts: requests in waves against a
// server that breaks in every way (`chaos/faults.mjs`), one request that is ended at every instant, and a thread that is busy around
// every deadline. What must hold is in `chaos/wave.mjs`, `chaos/instants.mjs` and `chaos/deadlines.mjs`.
// CHAOS_SEED and CHAOS_SECONDS (of the waves) choose another run, CHAOS_WAVE one wave of it.
import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chanceOf } from './chaos/chance.mjs';
import { attackDeadlines } from './chaos/deadlines.mjs';
import { FAULTS } from './chaos/faults.mjs';
import { attackInstants } from './chaos/instants.mjs';
import { runServer } from './chaos/server.mjs';
import { Loop, Wave } from './chaos/wave.mjs';
import { conclude } from './provide.mjs';
import { ask, leftOver, resources } from './resources.mjs';

const {
  CHAOS_SEED: SEED = '1',
  CHAOS_SECONDS: SECONDS = '60',
  CHAOS_WAVE: ONLY,
  CHAOS_PARTS: PARTS = 'waves,instants,deadlines',
} = process.env;

const WAVES_AT_ONCE = 3;

const complaints = [];
const complain = (text) => {
  complaints.push(text);
  if (complaints.length <= 30) console.error(`✗ ${text}`);
};

function addUp(total, more) {
  for (const [name, count] of Object.entries(more)) total[name] = (total[name] ?? 0) + count;
}

/** Asks the server what came of some requests; questions may overlap. */
function ledgerOf(server, prefix) {
  questions += 1;
  const number = questions;
  server.send({ number, prefix });
  return new Promise((resolve) => {
    const listen = (answer) => {
      if (answer.number !== number) return;
      server.off('message', listen);
      resolve(answer.ledger);
    };
    server.on('message', listen);
  });
}

let questions = 0;

async function attackInWaves() {
  const chance = chanceOf(SEED);
  const server = fork(fileURLToPath(import.meta.url), ['server', SEED]);
  server.setMaxListeners(0);
  const { ports } = await ask(server);
  const atRest = resources();
  const loop = new Loop();
  const [tally, reasons, faults] = [{}, {}, {}];
  const startedAt = performance.now();
  const seconds = () => (performance.now() - startedAt) / 1_000;
  let waves = 0;
  let kept = 0;
  const sendOne = async (wave) => {
    const one = new Wave({ chance, wave, ports, loop, complain });
    await one.run();
    if (process.env.CHAOS_VERBOSE) console.log('wave', wave, seconds().toFixed(1), JSON.stringify(one.tally));
    // What is on its way to the server arrives.
    await sleep(50);
    const ledger = await ledgerOf(server, [`w${wave}-`, `b${wave}-`]);
    one.checkLedger(ledger);
    addUp(tally, one.tally);
    addUp(reasons, one.reasons);
    kept += one.kept;
    for (const [, sent] of ledger) for (const { fault } of sent) if (fault) addUp(faults, { [fault]: 1 });
  };
  const work = async () => {
    while (seconds() < Number(SECONDS)) await sendOne(++waves);
  };
  if (ONLY) await sendOne(Number(ONLY));
  else await Promise.all(Array.from({ length: WAVES_AT_ONCE }, work));
  loop.stop();
  const left = await leftOver(atRest);
  if (left.TCPSocketWrap <= kept) delete left.TCPSocketWrap;
  if (Object.keys(left).length > 0) complain(`left over: ${JSON.stringify(left)}`);
  server.kill();
  const met = [...FAULTS.keys()].filter((name) => faults[name]);
  console.log(
    `waves: seed ${SEED}, ${waves} waves in ${seconds().toFixed(0)} s, the thread late by ${(loop.late / 1_000).toFixed(0)} s in all; ${met.length} of ${FAULTS.size} faults met`,
  );
  console.log(tally, reasons);
}

async function main() {
  for (const stream of [process.stdout, process.stderr]) stream.write('');
  process.on('unhandledRejection', (error) => complain(`unhandled: ${error?.stack ?? error}`));
  process.on('uncaughtException', (error) => complain(`uncaught: ${error?.stack ?? error}`));
  process.on('warning', (warning) => complain(`warning: ${warning.stack ?? warning}`));
  const parts = { waves: attackInWaves, instants: attackInstants, deadlines: attackDeadlines };
  let passed = 0;
  for (const name of PARTS.split(',')) {
    const before = complaints.length;
    await parts[name]({ seed: SEED, complain });
    if (complaints.length === before) passed += 1;
    console.log(`${complaints.length === before ? '✓' : '✗'} ${name}`);
  }
  if (complaints.length > 30) console.error(`… and ${complaints.length - 30} more`);
  conclude({ passed, failed: complaints.length });
}

if (process.argv[2] === 'server') await runServer(process.argv[3]);
else await main();
