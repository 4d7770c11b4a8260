import 'reflect-metadata';
import {
  All,
  Controller,
  Delete,
  Get,
  type INestApplication,
  type MiddlewareConsumer,
  Module,
  Patch,
  Post,
  Put,
  VERSION_NEUTRAL,
  VersioningType,
} from '@nestjs/common';

@Controller({ path: 'orders', version: '1' })
class Orders {
  @Get() list() {}
  @Post() create() {}
  @Get(':id') read() {}
  @Delete(':id') remove() {}
  @Patch(':id') change() {}
  @Get(':id/items') items() {}
  @Post(':id/refund') refund() {}
}

@Controller({ version: '1' })
class Others {
  @Delete('users/:user/sessions/:sessionId') end() {}
  @Get('users/:user') user() {}
  @Get('reports') reports() {}
  @Post('reports') report() {}
  @Put('settings') settings() {}
  @Get('invoice/:number') invoice() {}
  @All('echo') echo() {}
  @All('debug/reset') reset() {}
  @Post('webhooks/:provider') hook() {}
  @Get(['status', 'admin/stats', 'admin/export', 'admin/export/:format']) status() {}
  @Post('status') change() {}
}

@Controller({ path: 'orders', version: '2' })
class NewOrders {
  @Get() list() {}
}

@Controller({ version: VERSION_NEUTRAL })
class Outside {
  @Get('health') health() {}
  @Get('stream/events') events() {}
}

/** Express and Fastify write wildcards differently. */
export function shopWith(wildcard: string) {
  @Controller({ version: '1' })
  class Files {
    @Get(`files/${wildcard}`) file() {}
  }

  @Module({ controllers: [Orders, Others, Files, NewOrders, Outside] })
  class Shop {
    configure(consumer: MiddlewareConsumer): void {
      consumer.apply((_request: unknown, _response: unknown, next: () => void) => next()).forRoutes(Orders);
    }
  }
  return Shop;
}

export function settled<Application extends INestApplication>(application: Application): Application {
  application.setGlobalPrefix('api', { exclude: ['health', 'stream/events'] });
  application.enableVersioning({ type: VersioningType.URI });
  application.enableCors();
  return application;
}
