/** What may go wrong with the server, by the name in the address; the names of `bench/outage/scenarios.mjs`. */
export const troubles: Readonly<Record<string, string>> = {
  '503': 'Outage: answered 503',
  hint: 'Outage: answered 503 with Retry-After',
  silence: 'Outage: a black hole, nothing is answered',
  refused: 'Outage: connections refused',
  'brown-out': 'Brown-out: half the capacity',
  errors: 'One request in ten fails with 503',
  'rate-limit': 'Rate limit: 429 with one reset time for all',
};
