/** What the fragment of the address keeps, so that a policy can be sent to somebody. */
export interface Shared {
  readonly code: string;
  /** axios's own `timeout`, in milliseconds. */
  readonly timeout: number;
  readonly clients: number;
  readonly trouble: string;
}

/** The fragment, without its `#`. */
export const toFragment = ({ code, timeout, clients, trouble }: Shared): string =>
  new URLSearchParams({ policy: code, timeout: `${timeout}`, clients: `${clients}`, trouble }).toString();

/** What a fragment says; what it leaves out, or says badly, is as in `defaults`. */
export function fromFragment(fragment: string, defaults: Shared, troubles: readonly string[]): Shared {
  const given = new URLSearchParams(fragment.replace(/^#/, ''));
  const trouble = given.get('trouble') ?? '';
  return {
    code: given.get('policy') ?? defaults.code,
    timeout: within(given.get('timeout'), 0, 3_600_000) ?? defaults.timeout,
    clients: within(given.get('clients'), 1, 150) ?? defaults.clients,
    trouble: troubles.includes(trouble) ? trouble : defaults.trouble,
  };
}

function within(text: string | null, least: number, most: number): number | undefined {
  const value = text === null ? Number.NaN : Number(text);
  return value >= least && value <= most ? Math.round(value) : undefined;
}
