import { BadGatewayException, Controller, Get, Inject, Param } from '@nestjs/common';
import type { AxiosInstance } from 'axios';
import { retryReport } from 'axios-tenacity';
import { HTTP_CLIENT } from './retrying-http.module.js';

@Controller('prices')
export class PricesController {
  constructor(@Inject(HTTP_CLIENT) private readonly http: AxiosInstance) {}

  @Get(':article')
  async priceOf(@Param('article') article: string): Promise<unknown> {
    try {
      return (await this.http.get(`/articles/${article}`)).data;
    } catch (error) {
      throw new BadGatewayException({ error: 'no price', reason: retryReport(error)?.reason });
    }
  }
}
