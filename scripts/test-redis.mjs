// `npm run test:redis`: a fleet against real Redis servers, over node-redis and ioredis. ONLY chooses some of the parts.
import { testFaults } from '../__tests__/redis/faults.mjs';
import { Stage, tally } from '../__tests__/redis/harness.mjs';
import { testSharing } from '../__tests__/redis/sharing.mjs';
import { testTopologies } from '../__tests__/redis/topologies.mjs';
import { conclude } from './provide.mjs';
import { findRedis } from './redis-server.mjs';

const { ONLY } = process.env;
const parts = { sharing: testSharing, faults: testFaults, topologies: testTopologies };

const found = findRedis();
if (found) {
  console.log(found.version);
  Stage.program = found.program;
  for (const [name, test] of Object.entries(parts)) if (!ONLY || ONLY.includes(name)) await test();
} else {
  tally.skipped.push(
    'everything that needs a Redis server: redis-server is missing and could not be installed',
  );
}
conclude(tally);
