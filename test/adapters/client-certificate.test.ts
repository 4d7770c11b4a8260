import { once } from 'node:events';
import {
  connect as connectHttp2,
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import { request as ask, createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { expressSecurity } from '@sallyport/adapters/express';
import { fastifySecurity } from '@sallyport/adapters/fastify';
import { fetchSecurity } from '@sallyport/adapters/fetch';
import { httpSecurity } from '@sallyport/adapters/http';
import { koaSecurity } from '@sallyport/adapters/koa';
import { authenticated, createPrincipal, SecurityChain, type SecurityHandler } from '@sallyport/core';
import { type ClientCertificate, challenge } from '@sallyport/core/extend';
import express from 'express';
import Fastify from 'fastify';
import Koa from 'koa';
import { generate } from 'selfsigned';

interface Pair {
  readonly key: string;
  readonly cert: string;
}

async function pairOf(name: string): Promise<Pair> {
  const made = await generate([{ name: 'commonName', value: name }], { keySize: 2048 });
  return { key: made.private, cert: made.cert };
}

/** Proves whoever shows a client certificate, by its fingerprint. */
const byCertificate: SecurityHandler<string> = {
  name: 'certificate',
  challenges: [challenge('Mutual')],
  source: { at: 'tls:certificate' },
  extract(request) {
    const certificate = request.clientCertificate() as ClientCertificate | undefined;
    return certificate?.isVerified ? certificate.x509.fingerprint256 : undefined;
  },
  verify: (subject) => authenticated(createPrincipal({ subject })),
};
const chain = new SecurityChain({ requirement: byCertificate });

/** Asks whoever connects for a certificate, trusts one alone, and lets everybody in, as servers do that leave it to the application. */
let tls: Pair & { readonly ca: string; readonly requestCert: true; readonly rejectUnauthorized: false };
let trusted: Pair;
let untrusted: Pair;
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  let own: Pair;
  [own, trusted, untrusted] = await Promise.all([pairOf('localhost'), pairOf('device'), pairOf('device')]);
  tls = { ...own, ca: trusted.cert, requestCert: true, rejectUnauthorized: false };
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function listening(server: Server | ReturnType<typeof createSecureServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

const SERVERS: Readonly<Record<string, () => Promise<number>>> = {
  'node:https': () =>
    listening(
      createServer(
        tls,
        httpSecurity(chain)((_request, response) => void response.end()),
      ),
    ),
  Express: () => {
    const app = express().use(expressSecurity(chain)(), (_request, response) => void response.end());
    return listening(createServer(tls, app));
  },
  Koa: () => {
    const app = new Koa().use(koaSecurity(chain)()).use((context) => {
      context.body = '';
    });
    return listening(createServer(tls, app.callback()));
  },
  Hono: () => {
    const fetch = fetchSecurity(chain)(() => new Response(''));
    return listening(createServer(tls, getRequestListener(fetch)));
  },
  Fastify: async () => {
    const app = Fastify({ https: tls });
    await app.register(fastifySecurity(chain).plugin);
    app.get('/', () => '');
    await app.listen({ port: 0, host: '127.0.0.1' });
    closing.push(() => app.close());
    return (app.server.address() as AddressInfo).port;
  },
};

async function statusWith(port: number, certificate: Partial<Pair>): Promise<number | undefined> {
  const request = ask({ host: '127.0.0.1', port, rejectUnauthorized: false, agent: false, ...certificate }).end();
  const [response] = await once(request, 'response');
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}

async function statusOverHttp2(port: number, certificate: Partial<Pair>): Promise<number> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false, ...certificate });
  try {
    const [headers] = await once(session.request({ ':path': '/' }), 'response');
    return headers[':status'];
  } finally {
    session.destroy();
  }
}

describe('a client certificate counts only where TLS has verified it (RFC 8705 2)', () => {
  test.each(Object.entries(SERVERS))('on %s', async (_name, open) => {
    const port = await open();
    expect(await statusWith(port, trusted)).toBe(200);
    expect(await statusWith(port, untrusted)).toBe(401);
    expect(await statusWith(port, {})).toBe(401);
  });

  test('on node:http2', async () => {
    const listener = httpSecurity(chain)<Http2ServerRequest, Http2ServerResponse>(
      (_request, response) => void response.end(),
    );
    const port = await listening(createSecureServer(tls, listener));
    expect(await statusOverHttp2(port, trusted)).toBe(200);
    expect(await statusOverHttp2(port, untrusted)).toBe(401);
    expect(await statusOverHttp2(port, {})).toBe(401);
  });
});
