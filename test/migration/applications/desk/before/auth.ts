import {
  Body,
  Controller,
  type ExecutionContext,
  ForbiddenException,
  HttpCode,
  Injectable,
  Module,
  Post,
  SetMetadata,
  UnauthorizedException,
} from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import { JwtModule, JwtService } from '@nestjs/jwt';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { UsersService } from './users.service.js';

const secret = process.env['DESK_SECRET'] ?? 'of these tests alone, and long enough for HS256';

export interface AuthenticatedUser {
  readonly userId: number;
  readonly username: string;
  readonly roles: readonly string[];
}

export const Public = () => SetMetadata('isPublic', true);
export const Roles = (...roles: string[]) => SetMetadata('roles', roles);

@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy) {
  constructor() {
    super({ jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(), secretOrKey: secret });
  }

  async validate(payload: { sub: number; username: string; roles: string[] }): Promise<AuthenticatedUser> {
    return { userId: payload.sub, username: payload.username, roles: payload.roles };
  }
}

@Injectable()
export class JwtAuthGuard extends AuthGuard('jwt') {
  constructor(private readonly reflector: Reflector) {
    super();
  }

  override canActivate(context: ExecutionContext) {
    const isPublic = this.reflector.getAllAndOverride('isPublic', [context.getHandler(), context.getClass()]);
    return isPublic ? true : super.canActivate(context);
  }
}

@Injectable()
export class RolesGuard {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const roles: string[] = this.reflector.getAllAndOverride('roles', [context.getHandler(), context.getClass()]) ?? [];
    const { user } = context.switchToHttp().getRequest<{ user?: AuthenticatedUser }>();
    if (!roles.every((role) => user?.roles.includes(role))) throw new ForbiddenException();
    return true;
  }
}

@Controller('auth')
export class AuthController {
  constructor(
    private readonly users: UsersService,
    private readonly jwt: JwtService,
  ) {}

  @Public()
  @HttpCode(200)
  @Post('login')
  async login(@Body() { username, password }: { username: string; password: string }) {
    const user = await this.users.findOne(username);
    if (user?.password !== password) throw new UnauthorizedException();
    const payload = { sub: user.userId, username: user.username, roles: user.roles };
    return { access_token: await this.jwt.signAsync(payload) };
  }
}

@Module({
  imports: [PassportModule, JwtModule.register({ secret, signOptions: { expiresIn: '1h' } })],
  controllers: [AuthController],
  providers: [
    UsersService,
    JwtStrategy,
    { provide: APP_GUARD, useClass: JwtAuthGuard },
    { provide: APP_GUARD, useClass: RolesGuard },
  ],
})
export class AuthModule {}
