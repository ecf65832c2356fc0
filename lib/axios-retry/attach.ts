import type { AxiosError, AxiosInstance, AxiosStatic } from 'axios';
import { attach } from '../axios/attach.ts';
import { checkOptions, type IAxiosRetryConfig, type IAxiosRetryReturn, noteProgress } from './config.ts';
import { translate } from './policy.ts';

/** What one `axiosRetry` call put on an instance. */
interface Layer {
  readonly options: IAxiosRetryConfig;
  isAttached(): boolean;
}

/** The calls of `axiosRetry` on one instance. */
const LAYERS = Symbol.for('axios-tenacity.axios-retry');

/** Makes an instance retry as the axios-retry package does, on the engine of this one. */
export function axiosRetry(
  instance: AxiosStatic | AxiosInstance,
  options?: IAxiosRetryConfig,
): IAxiosRetryReturn {
  const given = checkOptions(options ?? {});
  // The errors whose response `validateResponse` took for a success.
  const accepted = new WeakSet<object>();
  const layers = layersOf(instance);
  // Of two calls on one instance the older one retries, by the options of the later one.
  const isActive = (): boolean => layers.find((layer) => layer.isAttached()) === layer;
  const { requestId, responseId, isAttached } = attach(instance, translate(given, accepted), undefined, {
    isLayered: true,
    // axios-retry has no option `retry` on a config: a field of that name means something else.
    ownOf(config) {
      if (noteProgress(config, given, true).validateResponse) config.validateStatus = () => false;
      return isActive() ? undefined : false;
    },
    recover(error) {
      if (accepted.has(Object(error))) return (error as AxiosError).response;
      throw error;
    },
  });
  const layer: Layer = { options: given, isAttached };
  layers.push(layer);
  return { requestInterceptorId: requestId, responseInterceptorId: responseId };
}

function layersOf(instance: AxiosInstance & { [LAYERS]?: Layer[] }): Layer[] {
  const known = instance?.[LAYERS];
  if (known) return known;
  const layers: Layer[] = [];
  if (Object(instance) === instance) Object.defineProperty(instance, LAYERS, { value: layers });
  return layers;
}
