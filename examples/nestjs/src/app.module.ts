import { Module } from '@nestjs/common';
import { CloseGently } from './close-gently.js';
import { PricesController } from './prices.controller.js';
import { RetryingHttpModule } from './retrying-http.module.js';

@Module({
  imports: [
    RetryingHttpModule.register({
      baseURL: process.env.SHOP_URL ?? 'http://127.0.0.1:4000',
      timeout: 5_000,
      retry: { baseDelay: Number(process.env.BASE_DELAY ?? 200), totalTimeout: 10_000 },
    }),
  ],
  controllers: [PricesController],
  providers: [CloseGently],
})
export class AppModule {}
