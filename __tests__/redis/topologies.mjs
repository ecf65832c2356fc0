// Sentinel and Cluster, for both clients.
import { setTimeout as sleep } from 'node:timers/promises';
import Ioredis from 'ioredis';
import { createCluster, createSentinel } from 'redis';
import {
  check,
  eventually,
  left,
  limit,
  ORIGIN,
  OTHER,
  PATIENT,
  retry,
  Stage,
  tokensIn,
} from './harness.mjs';

const host = '127.0.0.1';

/** Three masters that share the slots. */
async function startCluster(stage) {
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'];
  const servers = await Promise.all([0, 1, 2].map(() => stage.redis({ args })));
  const controls = await Promise.all(servers.map((server) => stage.control(server)));
  for (const [i, control] of controls.entries()) {
    const from = Math.floor((i * 16_384) / 3);
    const until = Math.floor(((i + 1) * 16_384) / 3) - 1;
    // CLUSTER ADDSLOTSRANGE is new in Redis 7.
    const slots = Array.from({ length: until - from + 1 }, (_, slot) => String(from + slot));
    await control.sendCommand(['CLUSTER', 'ADDSLOTS', ...slots]);
    await control.sendCommand(['CLUSTER', 'MEET', host, String(servers[0].port)]);
  }
  await eventually('the cluster stands', async () => {
    const infos = await Promise.all(controls.map((control) => control.sendCommand(['CLUSTER', 'INFO'])));
    return infos.every((info) => /cluster_state:ok/.test(info) && /cluster_known_nodes:3/.test(info));
  });
  return servers;
}

const clusterClients = {
  async 'node-redis'(stage, servers) {
    const client = createCluster({ rootNodes: servers.map(({ url }) => ({ url })) });
    stage.later(() => client.destroy());
    await client.connect();
    return client;
  },
  async ioredis(stage, servers) {
    const client = new Ioredis.Cluster(servers.map(({ port }) => ({ host, port })));
    stage.later(() => client.disconnect());
    await eventually('the client is ready', () => client.status === 'ready');
    return client;
  },
};

/** A master, a replica and a sentinel. */
async function startSentinel(stage) {
  const master = await stage.redis();
  const replica = await stage.redis({ args: ['--replicaof', `${host} ${master.port}`] });
  const sentinel = await stage.redis({
    args: ['--sentinel'],
    config: [
      `sentinel monitor mymaster ${host} ${master.port} 1`,
      'sentinel down-after-milliseconds mymaster 500',
      'sentinel failover-timeout mymaster 2000',
      '',
    ].join('\n'),
  });
  const control = await stage.control(replica);
  await eventually('the replica follows', async () =>
    /master_link_status:up/.test(await control.info('replication')),
  );
  const asked = await stage.control(sentinel);
  await eventually('the sentinel knows the replica', async () => {
    const replicas = await asked.sendCommand(['SENTINEL', 'REPLICAS', 'mymaster']);
    return JSON.stringify(replicas).includes(String(replica.port));
  });
  return { master, replica, sentinel };
}

const sentinelClients = {
  async 'node-redis'(stage, { sentinel }) {
    const client = createSentinel({
      name: 'mymaster',
      sentinelRootNodes: [{ host, port: sentinel.port }],
      scanInterval: 300,
    });
    client.on('error', () => undefined);
    stage.later(() => client.destroy());
    await client.connect();
    return client;
  },
  async ioredis(stage, { sentinel }) {
    const client = new Ioredis({ sentinels: [{ host, port: sentinel.port }], name: 'mymaster' });
    stage.later(() => client.disconnect());
    await eventually('the client is ready', () => client.status === 'ready');
    return client;
  },
};

export async function testTopologies() {
  Stage.timeout = PATIENT;
  console.log('\nSentinel and Cluster');
  for (const [kind, connect] of Object.entries(clusterClients)) {
    await check(`Cluster, ${kind}: pauses and tokens of any origin are shared`, async (stage) => {
      const servers = await startCluster(stage);
      const fleets = [stage.fleet(await connect(stage, servers)), stage.fleet(await connect(stage, servers))];
      await stage.inStep(...fleets);
      const origins = Array.from({ length: 8 }, (_, i) => `https://api-${i}.example.com`);
      for (const origin of origins) {
        limit(fleets[0], 20_000, origin);
        for (let i = 0; i < 15; i += 1) retry(fleets[0], false, origin);
      }
      await eventually('the other knows', () => origins.every((origin) => left(fleets[1], origin) > 10_000));
      const controls = await Promise.all(servers.map((server) => stage.control(server)));
      const keys = () => Promise.all(controls.map((control) => control.dbSize()));
      await eventually('all keys are there', async () => (await keys()).reduce((sum, n) => sum + n) === 9);
      return `keys on the nodes: ${(await keys()).join(', ')}`;
    });
  }
  for (const [kind, connect] of Object.entries(sentinelClients)) {
    await check(`Sentinel, ${kind}: shared, and again after a failover`, async (stage) => {
      const servers = await startSentinel(stage);
      const fleets = [stage.fleet(await connect(stage, servers)), stage.fleet(await connect(stage, servers))];
      await stage.inStep(...fleets);
      limit(fleets[0], 5_000);
      retry(fleets[0]);
      await eventually('the other knows', () => left(fleets[1]) > 3_000);
      await servers.master.kill();
      const control = await stage.control(servers.replica);
      await eventually('the replica is the master', async () =>
        // The sentinel ends all connections to it once.
        /role:master/.test(await control.info('replication').catch(() => '')),
      );
      const startedAt = performance.now();
      await eventually('the other hears of it', async () => {
        limit(fleets[0], 60_000 + (performance.now() - startedAt), OTHER);
        await sleep(100);
        return left(fleets[1], OTHER) > 10_000;
      });
      await stage.inStep(...fleets);
      retry(fleets[1]);
      await eventually('the tokens are told', async () => (await tokensIn(control, undefined, ORIGIN)) < 500);
    });
  }
}
