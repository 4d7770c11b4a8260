import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { CurrentPrincipal, Public, RequireScopes, SallyportModule } from '@sallyport/adapters/nest';
import {
  authenticated,
  createPrincipal,
  denied,
  type Principal,
  SecurityChain,
  type SecurityHandler,
  type Verdict,
} from '@sallyport/core';
import { challenge, type SecurityRequest } from '@sallyport/core/extend';

@Injectable()
export class BadgeDirectory {
  find(badge: string): string | undefined {
    return badge === 'badge-0001' ? 'alice' : undefined;
  }
}

@Injectable()
export class BadgeHandler implements SecurityHandler<string> {
  readonly name = 'badge';
  readonly challenges = [challenge('Badge', { realm: 'cats' })];
  readonly source = 'header:x-badge';

  constructor(private readonly directory: BadgeDirectory) {}

  extract(request: SecurityRequest): string | undefined {
    return request.header('x-badge');
  }

  verify(badge: string): Verdict {
    const subject = this.directory.find(badge);
    return subject === undefined ? denied('badge_unknown') : authenticated(createPrincipal({ subject }));
  }
}

@Controller('cats')
export class CatsController {
  @Get()
  all(@CurrentPrincipal() { subject }: Principal) {
    return { of: subject };
  }

  @Get('purge')
  @RequireScopes('cats:purge')
  purge() {
    return {};
  }

  @Public()
  @Get('prices')
  prices() {
    return { cat: 1 };
  }
}

@Module({ providers: [BadgeDirectory, BadgeHandler], exports: [BadgeHandler] })
class HandlersModule {}

@Module({
  imports: [
    SallyportModule.forRootAsync({
      imports: [HandlersModule],
      inject: [BadgeHandler],
      useFactory: (badge: BadgeHandler) => ({ chain: new SecurityChain({ requirement: badge }) }),
    }),
  ],
  controllers: [CatsController],
})
export class AppModule {}
