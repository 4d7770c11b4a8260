// Tokens as the users of an application have them, by the packages that sign them.

const secret = process.env.JWT_SECRET;
const hour = { expiresIn: '1h' };

export const bearer = (token) => ({ authorization: `Bearer ${token}` });
export const basic = (name, password) => ({ authorization: `Basic ${btoa(`${name}:${password}`)}` });

export async function byJsonwebtoken(claims, options = hour, key = secret) {
  const { default: jwt } = await import('jsonwebtoken');
  return jwt.sign(claims, key, options);
}

export async function byFastifyJwt(claims, options = hour) {
  const [{ default: jwt }, { default: Fastify }] = await Promise.all([import('@fastify/jwt'), import('fastify')]);
  const app = Fastify();
  await app.register(jwt, { secret });
  const token = app.jwt.sign(claims, options);
  await app.close();
  return token;
}

export async function byNestJwt(claims) {
  const { JwtService } = await import('@nestjs/jwt');
  return new JwtService({ secret, signOptions: hour }).signAsync(claims);
}

/** Without `typ`, as jose does it unless it is told. */
export async function byJose(claims) {
  const { SignJWT } = await import('jose');
  const signing = new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).setIssuedAt().setExpirationTime('1h');
  return signing.sign(new TextEncoder().encode(secret));
}

/** Tokens that the authority signed when the run began. */
export const signedBefore = JSON.parse(process.env.PAGES_TOKENS);

export async function byOidcProvider() {
  const body = new URLSearchParams(process.env.PAGES_TOKEN_REQUEST);
  const response = await fetch(process.env.PAGES_TOKEN_ENDPOINT, { method: 'POST', body });
  return (await response.json()).access_token;
}
