import { Body, Controller, HttpCode, Module, Post, UnauthorizedException } from '@nestjs/common';
import { JwtModule, JwtService } from '@nestjs/jwt';
import { expressSecurity, principalOf } from '@sallyport/adapters/express';
import { anonymous, requireRoles, route, routes, SecurityChain } from '@sallyport/core';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { UsersService } from './users.service.js';

const secret = process.env['DESK_SECRET'] ?? 'of these tests alone, and long enough for HS256';

export interface AuthenticatedUser {
  readonly userId: number;
  readonly username: string;
}

const tokens = new JwtHandler({
  realm: 'desk',
  issuers: [
    {
      issuer: 'https://desk.example.com',
      allowMissingIssuer: true,
      allowAnyAudience: true,
      algorithms: 'HS256',
      keys: { secret },
      acceptTyp: ['JWT'],
      accessTokenClaims: 'username',
      mapPrincipal: (init, { sub, username }) => ({ ...init, subject: String(sub), claims: { userId: sub, username } }),
    },
  ],
});

const operations = routes([
  route('GET', '/api/health', { requirement: anonymous() }),
  route('POST', '/api/auth/login', { requirement: anonymous() }),
]);

const chain = new SecurityChain({
  requirement: tokens,
  operations,
  format: ({ title, status }) => ({
    contentType: 'application/json',
    body: JSON.stringify({ message: title, statusCode: status }),
  }),
});

export const secure = expressSecurity(chain);
export const admins = secure(tokens, requireRoles('admin'));
export const userOf = (request: object): AuthenticatedUser => principalOf<AuthenticatedUser>(request).claims;

@Controller('auth')
export class AuthController {
  constructor(
    private readonly users: UsersService,
    private readonly jwt: JwtService,
  ) {}

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
  imports: [JwtModule.register({ secret, signOptions: { expiresIn: '1h' } })],
  controllers: [AuthController],
  providers: [UsersService],
})
export class AuthModule {}
