import axios, { type AxiosAdapter } from 'axios';
import MockAdapter from 'axios-mock-adapter';
import { answer, startServer } from './server.ts';

/** What sends, for `describe.each`. */
export const transports = ['http', 'fetch', 'axios-mock-adapter'] as const;
export type Transport = (typeof transports)[number];

/** What was sent, as far as a mock knows it too. */
interface Sent {
  readonly url: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** A server or a mock in its place. */
export interface Line {
  /** For `axios.create`. */
  readonly defaults: { readonly adapter: string | AxiosAdapter; readonly baseURL: string };
  /** Every request in the order of arrival. */
  readonly sent: readonly Sent[];
}

/** Answers the nth request with the nth status, and all later ones with the last. */
export async function openLine(transport: Transport, ...statuses: readonly number[]): Promise<Line> {
  if (transport === 'axios-mock-adapter') return openMock(statuses);
  const { url, requests } = await startServer(statuses.map((status) => answer(status)));
  return { defaults: { adapter: transport, baseURL: url }, sent: requests };
}

function openMock(statuses: readonly number[]): Line {
  const sent: Sent[] = [];
  const mock = new MockAdapter(axios.create());
  mock.onAny().reply(({ url = '', headers }) => {
    const lowered = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
    sent.push({ url, headers: Object.fromEntries(lowered) });
    const status = statuses[Math.min(sent.length, statuses.length) - 1] as number;
    return [status, { status }];
  });
  return { defaults: { adapter: mock.adapter(), baseURL: 'https://api.example.com' }, sent };
}
