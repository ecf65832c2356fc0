import { type AxiosInstance, isAxiosError } from 'axios';
import { retryReport } from 'axios-tenacity';

/** The code under test: it calls the shop and never mentions a retry. */
export class Shop {
  readonly #client: AxiosInstance;

  constructor(client: AxiosInstance) {
    this.#client = client;
  }

  /** `undefined` when the shop does not answer. */
  async priceOf(article: string): Promise<number | undefined> {
    try {
      return (await this.#client.get(`/articles/${article}`)).data.price;
    } catch (error) {
      if (isAxiosError(error) && retryReport(error)?.reason === 'max-attempts') return undefined;
      throw error;
    }
  }

  async order(article: string, signal?: AbortSignal): Promise<string> {
    const config = { retry: { idempotencyKey: true }, ...(signal && { signal }) };
    return (await this.#client.post('/orders', { article }, config)).data.id;
  }
}
