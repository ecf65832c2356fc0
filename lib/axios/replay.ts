import axios, { Axios, AxiosHeaders, type AxiosInstance } from 'axios';
import type { Config } from './snapshot.ts';

/** One of the functions pairs that axios runs before or after the adapter. */
export interface Handler {
  readonly fulfilled: (value: never) => unknown;
  readonly rejected: (error: unknown) => unknown;
  readonly synchronous?: boolean;
  readonly runWhen?: ((config: Config) => boolean) | null;
}

/** Where the plugin stands among the interceptors of an instance: what is registered before it is inside. */
export interface Boundary {
  readonly instance: AxiosInstance;
  readonly request: Handler;
  readonly response: Handler;
}

type Manager = { handlers?: readonly (Handler | null)[] | null; forEach?: unknown };

const managersOf = ({ interceptors: { request, response } }: Axios): readonly [Manager, Manager] =>
  [request, response] as unknown as readonly [Manager, Manager];

/** The handlers before (or after) one in a manager; none when that one is no longer there. */
function neighboursOf({ handlers }: Manager, own: Handler, side: 'before' | 'after' = 'before'): Handler[] {
  const all = handlers ?? [];
  const index = all.indexOf(own);
  const neighbours = index < 0 ? [] : side === 'before' ? all.slice(0, index) : all.slice(index + 1);
  return neighbours.filter((handler) => handler !== null);
}

/**
 * Whether axios runs request interceptors last registered first, as all versions did up to 1.13.5. Newer ones ask a
 * setting; they have it among their defaults, and take a `transitional` without it for the other order.
 */
function isLastFirst({ transitional }: Config): boolean {
  const defaults = axios.defaults.transitional;
  const isSetting = defaults !== undefined && 'legacyInterceptorReqResOrdering' in defaults;
  return !isSetting || Boolean((transitional ?? defaults).legacyInterceptorReqResOrdering);
}

/** The request interceptors inside: those that run after ours. */
const requestsInside = ({ instance, request }: Boundary, config: Config): readonly Handler[] =>
  neighboursOf(managersOf(instance)[0], request, isLastFirst(config) ? 'before' : 'after');

/** Which interceptors inside, if any, may edit a config: those of requests, its body included, or those of responses alone. */
export type Editor = 'request' | 'response' | undefined;

/** Who may edit a config between its capture and the outcome. */
export function editorOf(boundary: Boundary, config: Config): Editor {
  if (requestsInside(boundary, config).length > 0) return 'request';
  const [, response] = managersOf(boundary.instance);
  return neighboursOf(response, boundary.response).length > 0 ? 'response' : undefined;
}

const asItIs = (error: unknown): never => {
  throw error;
};

/**
 * What a pass goes through: a client without defaults, since merging those would take most of the time and our config is
 * whole. When the config is of another copy of axios, the instance itself, which is of that copy.
 */
const laneFor = ({ headers }: Config, instance: AxiosInstance): Axios =>
  headers instanceof AxiosHeaders ? new Axios({}) : instance;

/** How a pass through the inside ended. */
export interface Passage {
  readonly ok: boolean;
  readonly value: unknown;
}

// A pass that fails would make axios write the stack of this call into an error that is no one's yet: it takes a sixth of the time.
const LAST: Handler = {
  fulfilled: (value): Passage => ({ ok: true, value }),
  rejected: (value): Passage => ({ ok: false, value }),
};

/**
 * Sends a whole config through the inside interceptors, the last step and the adapter. It never goes to a `client.request`
 * that somebody put in its place: that one belongs to the outside.
 */
export function sendInside(
  boundary: Boundary,
  config: Config,
  lastStep: (config: Config) => Config,
): Promise<Passage> {
  const { instance, response: own } = boundary;
  const lane = laneFor(config, instance);
  const [request, response] = managersOf(lane);
  const inside = requestsInside(boundary, config).filter(({ runWhen }) => runWhen?.(config) !== false);
  // axios merges what it is given with the defaults; ours is whole, so it takes the place of the result.
  const head: Handler = { fulfilled: () => config, rejected: asItIs, synchronous: true };
  const tail: Handler = { fulfilled: lastStep, rejected: asItIs, synchronous: true };
  const requests = inside.map(({ fulfilled, rejected, synchronous = false }) => ({
    fulfilled,
    rejected,
    synchronous,
  }));
  const ordered = isLastFirst(config) ? [tail, ...requests, head] : [head, ...requests, tail];
  const responses = [...neighboursOf(managersOf(instance)[1], own), LAST];
  const { transitional } = config;
  try {
    // The second is put there by the first: no code of a user runs between the two.
    handOut(request, ordered, () => handOut(response, responses));
    const send = typeof lane === 'function' ? lane : Object.getPrototypeOf(lane).request;
    return send.call(lane, transitional ? { transitional } : {});
  } finally {
    takeBack(request);
    takeBack(response);
  }
}

/** Lets a manager hand out these handlers, the next time that axios asks it for all, in place of its own. */
function handOut(manager: Manager, handlers: readonly Handler[], then?: () => void): void {
  manager.forEach = (visit: (handler: Handler) => void): void => {
    takeBack(manager);
    for (const handler of handlers) visit(handler);
    then?.();
  };
}

const takeBack = (manager: Manager): void => {
  delete manager.forEach;
};
