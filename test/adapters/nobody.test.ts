import { request as ask, createServer } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import * as ofExpress from '@sallyport/adapters/express';
import * as ofFastify from '@sallyport/adapters/fastify';
import * as ofFetch from '@sallyport/adapters/fetch';
import * as ofHttp from '@sallyport/adapters/http';
import * as ofKoa from '@sallyport/adapters/koa';
import {
  anonymous,
  anyOf,
  attempt,
  cookieHandler,
  denied,
  optional,
  type Requirement,
  SecurityChain,
} from '@sallyport/core';
import { openApi } from '@sallyport/openapi';
import { WebSocket } from 'ws';
import { DemoTokens } from './demo-chain.js';
import { type DemoServer, listening } from './demo-servers.js';
import { type Found, SERVERS } from './reporting-servers.js';

const tokens = new DemoTokens();
const chainOf = (requirement: Requirement, name = 'demo') => new SecurityChain({ name, requirement });
/** Refuses every token, in a later tick. */
const slowly = Object.assign(new DemoTokens(), {
  verify: async () => denied('token_unknown'),
});

const sessions = cookieHandler({ name: 'sessions', cookie: 'session', verify: (subject) => ({ subject }) });

async function openContract(): Promise<SecurityChain> {
  const definition = {
    openapi: '3.0.4',
    info: { title: 'demo', version: '1' },
    components: { securitySchemes: { Token: { type: 'http', scheme: 'bearer' } } },
    paths: { '/': { get: { security: [{}, { Token: [] }], responses: { 200: { description: 'ok' } } } } },
  };
  return new SecurityChain({ operations: await openApi(definition, { schemes: { Token: tokens } }) });
}

let server: DemoServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

describe.each(SERVERS)('%s', (_name, open, nobody) => {
  async function findings(chains: readonly SecurityChain[], headers: Record<string, string>, method = 'GET') {
    let found: Found | undefined;
    const report = (latest: Found) => {
      found = latest;
    };
    server = await open(chains, report);
    const { port } = server;
    await new Promise<void>((resolve, reject) => {
      ask({ port, host: '127.0.0.1', method, headers, agent: false }, (response) => {
        response.resume().on('end', resolve);
      })
        .on('error', reject)
        .end();
    });
    return found;
  }
  const ofNobody = (attempted?: Found['attempted']) => ({
    ...(nobody !== undefined && { user: nobody }),
    principal: '',
    attempted,
  });
  const ALICE = { authorization: 'Bearer now.alice' };
  const BAD = { authorization: 'Bearer bad' };

  test.each([
    ['anonymous()', anonymous(), {}],
    ['anonymous() with a token', anonymous(), ALICE],
    ['anonymous() with joined credentials', anonymous(), { authorization: 'Bearer a, Basic YTpi' }],
    ['optional()', optional(tokens), {}],
    ['anyOf() with anonymous()', anyOf(tokens, anonymous()), {}],
    ['attempt()', attempt(tokens), {}],
  ])('a caller that %s lets in is no user, and inherits none', async (_requirement, requirement, headers) => {
    expect(await findings([chainOf(requirement)], headers)).toEqual(ofNobody());
  });

  test('a caller that {} of a contract lets in is no user, and inherits none', async () => {
    expect(await findings([await openContract()], {})).toEqual(ofNobody());
  });

  test.each([
    ['at once', attempt(tokens)],
    ['later', attempt(slowly)],
  ])('after an attempt that failed %s, the application can read the verdict', async (_when, requirement) => {
    const refused = { kind: 'denied', reason: 'token_unknown' };
    expect(await findings([chainOf(requirement)], BAD)).toEqual(ofNobody(refused));
  });

  test('what nobody recognises, an attempt tells without what was sent', async () => {
    const refused = { kind: 'unrecognised', reason: 'credentials_unrecognised' };
    expect(await findings([chainOf(attempt(tokens))], { authorization: 's3cret' })).toEqual(ofNobody(refused));
  });

  test('a preflight that is let through has no user, also behind a chain that found one', async () => {
    const preflight = { origin: 'https://a.example', 'access-control-request-method': 'PUT' };
    expect(await findings([chainOf(tokens)], preflight, 'OPTIONS')).toEqual(ofNobody());
    await server?.close();
    const chains = [chainOf(sessions, 'sessions'), chainOf(tokens)];
    const headers = { ...preflight, cookie: 'session=alice' };
    expect(await findings(chains, headers, 'OPTIONS')).toEqual(ofNobody());
  });

  test('of two chains the last one tells who it is, also when that is nobody', async () => {
    const chains = [chainOf(tokens), chainOf(anonymous(), 'open')];
    expect(await findings(chains, ALICE)).toEqual(ofNobody());
    await server?.close();
    expect(await findings(chains.toReversed(), ALICE)).toEqual({
      ...ofNobody(),
      ...(nobody !== undefined && { user: 'alice' }),
      principal: 'alice',
    });
  });

  test('an attempt that succeeds has refused nothing', async () => {
    expect(await findings([chainOf(attempt(tokens))], ALICE)).toMatchObject({
      principal: 'alice',
      attempted: undefined,
    });
  });
});

describe('an upgrade', () => {
  test.each([
    [undefined, undefined],
    ['bad', { kind: 'denied', reason: 'token_unknown' }],
  ])('with the token %p tells the application what an attempt let pass', async (token, attempted) => {
    const listener = createServer();
    server = await listening(listener);
    const accepted = new Promise<unknown[]>((resolve) => {
      const secure = ofHttp.upgradeSecurity(chainOf(attempt(tokens)));
      listener.on(
        'upgrade',
        secure((request, socket, _head, principal) => {
          resolve([principal.kind, ofHttp.principalOf(request).kind, ofHttp.attemptedOf(request)]);
          socket.destroy();
        }),
      );
    });
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    new WebSocket(`ws://127.0.0.1:${server.port}/`, { headers }).on('error', () => {});
    expect(await accepted).toEqual(['anonymous', 'anonymous', attempted]);
  });
});

test('where no chain has run, nothing was attempted', () => {
  for (const { attemptedOf } of [ofExpress, ofFastify, ofFetch, ofHttp, ofKoa]) {
    expect(attemptedOf({})).toBeUndefined();
  }
});
