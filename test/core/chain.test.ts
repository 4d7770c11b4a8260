import { describe, expect, test } from '@jest/globals';
import {
  anyOf,
  authenticated,
  bearerChallenge,
  createPrincipal,
  denied,
  onDecision,
  requireScopes,
  SecurityChain,
  type SecurityHandler,
  SecurityRequest,
} from '@sallyport/core';
import { contract } from '@sallyport/core/openapi';

const handler: SecurityHandler<string> = {
  name: 'toy',
  challenges: [bearerChallenge('r')],
  extract: (r) =>
    r.authorization.kind === 'credentials' && r.authorization.scheme === 'bearer' ? r.authorization.value : undefined,
  verify: (c) =>
    c === 'good' ? authenticated(createPrincipal({ subject: 'a', scopes: ['x'] })) : denied('token_inactive'),
};
const req = (target: string, auth?: string) =>
  new SecurityRequest({ method: 'GET', target, rawHeaders: auth ? ['Authorization', auth] : [] });

describe('smoke', () => {
  test('decides', async () => {
    const operations = await contract(
      `
openapi: 3.0.3
info: {title: t, version: "1"}
servers: [{url: /v1}]
paths:
  /p/{id}:
    get: {operationId: g, security: [{o: [x]}, {o: [z]}], responses: {"200": {description: ok}}}
    post: {operationId: p, security: [{o: [y]}], responses: {"200": {description: ok}}}
components: {securitySchemes: {o: {type: http, scheme: bearer}}}
`,
      { handlers: { o: handler } },
    );
    const chain = new SecurityChain({ operations });
    onDecision((e) => console.log(JSON.stringify(e)));
    for (const r of [
      req('/v1/p/1', 'Bearer good'),
      req('/v1/p/1'),
      req('/v1/p/1', 'Bearer bad'),
      req('/v1/q'),
      req('/v1//q'),
    ])
      console.log(chain.decide(r));
    console.log(
      chain.decide(
        new SecurityRequest({
          method: 'POST',
          target: '/v1/p/1?access=1',
          rawHeaders: ['Authorization', 'Bearer good'],
        }),
      ),
    );
  });
});
