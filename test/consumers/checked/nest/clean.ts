import 'reflect-metadata';
import { Controller, Get, Head, type INestApplication, Module, Post, VersioningType } from '@nestjs/common';

@Controller(':tenant/pets')
class Pets {
  @Get() list() {}
  @Post() add() {}
  @Get('export') export() {}
  @Get('export/:format') exportAs() {}
  @Get(':id.json') json() {}
  @Get(':id') read() {}
  @Head(':id/picture') head() {}
  @Get(':id/picture') picture() {}
}

@Controller('about')
class About {
  @Get() about() {}
}

@Module({ controllers: [Pets, About] })
export class PetShop {}

/** Listens at once, as the main module of an application does. */
export async function listening<Application extends INestApplication>(application: Application): Promise<Application> {
  application.setGlobalPrefix('shop', { exclude: ['about'] });
  application.enableVersioning({ type: VersioningType.HEADER, header: 'X-Version' });
  application.enableCors();
  await application.listen(3000);
  return application;
}
