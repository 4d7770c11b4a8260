import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expressSecurity, principalOf } from '@sallyport/adapters/express';
import express from 'express';
import { tokenOf } from './issuer.js';

// After the issuer, which puts its key into the environment.
const { chain, digestOf } = await import('./security.js');

const CLIENT = '198.51.100.7';
const BEARER = ['authorization', `Bearer ${tokenOf('alice')}`];
const KEY = ['x-api-key', 'key-of-carol'];

function joined(lines, pick) {
  const values = {};
  for (const [name, value] of lines) values[name] = [...(values[name] ?? []), value];
  return Object.fromEntries(Object.entries(values).map(([name, several]) => [name, pick(several)]));
}

const bodyOf = (body) => ({ body: body && Buffer.from(body).toString('base64'), isBase64Encoded: body !== undefined });

/** What API Gateway in both versions of its format, and a load balancer with several values, make of a request. */
const EVENTS = {
  'format 1.0': ({ method = 'GET', path = '/orders', lines = [], body }) => ({
    path,
    httpMethod: method,
    headers: joined(lines, (values) => values.at(-1)),
    multiValueHeaders: joined(lines, (values) => values),
    requestContext: { identity: { sourceIp: CLIENT } },
    ...bodyOf(body),
  }),
  'format 2.0': ({ method = 'GET', path = '/orders', lines = [], body }) => ({
    version: '2.0',
    rawPath: path,
    rawQueryString: '',
    headers: joined(lines, (values) => values.join(',')),
    requestContext: { http: { method, path, sourceIp: CLIENT } },
    ...bodyOf(body),
  }),
  'load balancer': ({ method = 'GET', path = '/orders', lines = [], body }) => ({
    path,
    httpMethod: method,
    multiValueHeaders: joined(lines, (values) => values),
    requestContext: { elb: {} },
    ...bodyOf(body),
  }),
};

function application() {
  const app = express();
  app.use(expressSecurity(chain)(), express.text({ type: '*/*' }));
  app.all(['/orders', '/orders/:id', '/signed'], (request, response) => {
    const { id = '' } = request.params;
    // A text of the parser, or bytes: serverless-http 3 puts them there, and the parser believes that all is read.
    response.type('text').send(`${principalOf(request).subject}|${id}|${request.body ?? ''}`);
  });
  return app;
}

/** Proves an Express application in a host, for each kind of event. `seesLast`: of format 1.0 it reads the last values. */
export function proveHost(name, wrap, seesLast = false) {
  const run = wrap(application());
  for (const [source, eventOf] of Object.entries(EVENTS)) {
    const ask = async (sent) => {
      const { statusCode, body, isBase64Encoded } = await run(eventOf(sent), {});
      return [statusCode, statusCode === 200 ? Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8').toString() : ''];
    };
    test(`${name}, ${source}`, async () => {
      assert.deepEqual(await ask({ lines: [BEARER] }), [200, 'alice||']);
      assert.deepEqual(await ask({ lines: [KEY], path: '/orders/caf%C3%A9' }), [200, 'carol|café|']);
      const post = { method: 'POST', lines: [KEY, ['content-type', 'text/plain']], body: 'täa' };
      assert.deepEqual(await ask(post), [200, 'carol||täa']);
      const signed = {
        method: 'POST',
        path: '/signed',
        lines: [
          ['content-type', 'text/plain'],
          ['x-signature', digestOf('täa')],
        ],
      };
      assert.deepEqual(await ask({ ...signed, body: 'täa' }), [200, 'sender||täa']);
      assert.deepEqual(await ask({ ...signed, body: 'coffee' }), [401, '']);
      assert.deepEqual(await ask({}), [401, '']);
      assert.deepEqual(await ask({ lines: [['x-api-key', 'key-of-mallory']] }), [401, '']);
      assert.deepEqual(await ask({ lines: [KEY], path: '/orders/1%2F2' }), [400, '']);
      const [doubled] = await ask({ lines: [['authorization', 'Bearer other'], BEARER] });
      assert.equal(doubled, seesLast && source === 'format 1.0' ? 200 : 400);
    });
  }
}
