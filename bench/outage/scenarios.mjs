/** What goes wrong for 30 seconds. */
import { troubles } from './server.mjs';

export const scenarios = {
  'Outage: connections refused': { deal: troubles.refused },
  'Outage: answered 503': { deal: troubles.unavailable },
  'Outage: answered 503 with Retry-After': { deal: troubles.unavailableWithHint },
  'Outage: a black hole, nothing is answered': { deal: troubles.blackHole },
  'Brown-out: half the capacity': { workers: 0.5 },
  'One request in ten fails with 503': { errors: 0.1 },
  'Rate limit: 429 with one reset time for all': { deal: troubles.rateLimited },
};
