/** Runs some real processes against one real server, through a rate limit and an outage. */
import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const file = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Milliseconds of each part of a run. */
export const parts = { before: 6_000, limit: 10_000, afterLimit: 32_000, outage: 15_000, afterOutage: 8_000 };

/** The next message of a process that has this field; rejects when the process ends first. */
export const messageOf = (child, field) =>
  new Promise((resolve, reject) => {
    const fail = (code) => reject(new Error(`a process of the bench has ended with ${code}`));
    const take = (message) => {
      if (!(field in message)) return;
      child.off('message', take);
      child.off('exit', fail);
      resolve(message[field]);
    };
    child.on('message', take);
    child.once('exit', fail);
  });

/** Processes that are ready to send. */
export async function startProcesses(count, settings) {
  const children = Array.from({ length: count }, () => fork(file('client.mjs'), [JSON.stringify(settings)]));
  await Promise.all(children.map((child) => messageOf(child, 'isReady')));
  return children;
}

export const end = (children) => {
  for (const child of children) child.kill();
};

/** What the server saw and what the clients had, with the moments at which the parts began. */
export async function run({ processes, clients, rate, onBefore, onWell, ...settings }) {
  const normal = processes * clients * rate;
  const api = fork(file('api.mjs'), [String(normal)]);
  const url = await messageOf(api, 'url');
  const children = await startProcesses(processes, { url, clients, rate, ...settings });
  try {
    for (const child of children) child.send({ start: true });
    await sleep(1_000);
    await onBefore?.();
    await sleep(parts.before - 1_000);
    await onWell?.();
    const began = { limit: Date.now() };
    api.send({ trouble: 'limit', ms: parts.limit });
    await sleep(parts.limit + parts.afterLimit);
    began.outage = Date.now();
    api.send({ trouble: 'outage', ms: parts.outage });
    await sleep(parts.outage + parts.afterOutage);
    const all = await Promise.all(
      children.map((child) => {
        const told = messageOf(child, 'told');
        child.send({ stop: true });
        return told;
      }),
    );
    const told = messageOf(api, 'log');
    api.send({ tell: true });
    return {
      began,
      requests: all.flatMap(({ requests }) => requests),
      losses: all.reduce((sum, { losses }) => sum + losses, 0),
      stall: Math.max(...all.map(({ stall }) => stall)),
      log: await told,
      normal,
    };
  } finally {
    end([...children, api]);
  }
}

/** The figures of the table. */
export function measure({ began, requests, losses, stall, log, normal }) {
  const resetAt = began.limit + parts.limit;
  const refusals = log.filter(([at, status]) => status === 429 && at >= began.limit && at < resetAt);
  const seconds = new Map();
  for (const [at] of log) {
    if (at < resetAt || at >= resetAt + parts.afterLimit) continue;
    const second = Math.floor((at - resetAt) / 1_000);
    seconds.set(second, (seconds.get(second) ?? 0) + 1);
  }
  const failed = requests.filter(([at]) => at >= began.outage && at < began.outage + parts.outage);
  const limited = requests.filter(([at]) => at >= began.limit && at < resetAt);
  const refusedBefore = log.filter(([at, status]) => status !== 200 && at < began.limit).length;
  return {
    losses,
    stall,
    refusedBefore,
    refusals: refusals.length,
    peak: Math.max(...seconds.values()) / normal,
    attempts: failed.reduce((sum, [, attempts]) => sum + attempts, 0) / failed.length,
    success: limited.filter(([, , status]) => status === 200).length / limited.length,
  };
}
