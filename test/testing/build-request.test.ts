import { describe, expect, test } from '@jest/globals';
import { createPrincipal, headerHandler, SecurityChain } from '@sallyport/core';
import { ask, buildRequest } from '@sallyport/core/testing';

describe('a request in one line', () => {
  test('is a GET of / that carries nothing, if nothing else is said', () => {
    const { method, target, authorization } = buildRequest();
    expect({ method, target, kind: authorization.kind }).toEqual({ method: 'GET', target: '/', kind: 'absent' });
  });

  test('has the method and target of its line', () => {
    const { method, path, query } = buildRequest('POST /orders?page=2');
    expect({ method, path, query }).toEqual({ method: 'POST', path: '/orders', query: 'page=2' });
    expect(buildRequest('/orders').method).toBe('GET');
  });

  test('carries bearer tokens (RFC 6750 2.1) and Basic credentials in UTF-8 (RFC 7617 2)', () => {
    expect(buildRequest('/', { bearer: 'abc' }).authorization).toMatchObject({ scheme: 'bearer', value: 'abc' });
    const { authorization } = buildRequest('/', { basic: ['zoë', 'a:b'] });
    expect(authorization).toMatchObject({ scheme: 'basic', value: Buffer.from('zoë:a:b').toString('base64') });
  });

  test('carries several lines of one name, so that doubled credentials can be tried', () => {
    const request = buildRequest('/', { bearer: 'abc', headers: { Authorization: 'Bearer def', 'X-Key': ['1', '2'] } });
    expect(request.authorization.kind).toBe('invalid');
    expect(request.headerLines('x-key')).toEqual(['1', '2']);
  });

  test('carries cookies in one line (RFC 6265 5.4), an address and a route', () => {
    const route = { method: 'GET', template: '/orders/{id}' };
    const request = buildRequest('/', { cookies: { a: '1', b: '2' }, remoteAddress: '198.51.100.7', route });
    expect(request.headerLines('cookie')).toEqual(['a=1; b=2']);
    expect([request.remoteAddress, request.route]).toEqual(['198.51.100.7', route]);
  });

  test.each([
    [{ bearr: 'token' }, 'RequestParts has no option "bearr"; did you mean bearer?'],
    [{ bearer: Promise.resolve('token') }, 'RequestParts.bearer must be a string'],
    [{ headers: 'X-Key: 1' }, 'RequestParts.headers must be an object'],
    [null, 'RequestParts must be an object'],
  ])('is refused where a part would send nothing', (parts, message) => {
    expect(() => buildRequest('/', parts as never)).toThrow(message);
  });

  test('is aborted when its client goes away, also when it went away before', () => {
    const leaving = new AbortController();
    const request = buildRequest('/', { client: leaving.signal });
    expect(request.signal.aborted).toBe(false);
    leaving.abort();
    expect(request.signal.aborted).toBe(true);
    expect(buildRequest('/', { client: leaving.signal }).signal.aborted).toBe(true);
  });
});

describe('asking a chain in one line', () => {
  const key = headerHandler({ name: 'key', header: 'X-Key', verify: () => createPrincipal({ subject: 'alice' }) });
  const chain = new SecurityChain({ requirement: key });

  test('tells the status, the principal and which handler said what', async () => {
    const answer = await ask(chain, 'GET /orders', { headers: { 'X-Key': 'open sesame' } });
    expect(answer).toMatchObject({ status: 200, principal: { subject: 'alice' }, reason: undefined, body: '' });
    expect(answer.event.steps).toMatchObject([{ handler: 'key', verdict: 'authenticated' }]);
  });

  test('tells why it was refused, and what the client is told', async () => {
    const answer = await ask(chain, 'GET /orders');
    expect(answer).toMatchObject({ status: 401, principal: undefined, reason: 'credentials_missing' });
    expect(answer.challenges).toEqual(['ApiKey header="X-Key"']);
    expect(JSON.parse(answer.body)).toMatchObject({ status: 401 });
  });
});
