import { afterEach, describe, expect, test } from '@jest/globals';
import { request } from 'undici';
import { DPOP_FIXES } from '../../packages/handlers/src/dpop/dpop-fixes.js';
import { documentOf } from '../support/markdown.js';
import { DocumentedServer } from './documented-server.js';
import { openGuide } from './open-guide.js';

describe('docs/dpop.md', () => {
  const guide = openGuide('docs/dpop.md');
  let server: DocumentedServer | undefined;
  afterEach(() => server?.stop());

  test('the server names both ways in', async () => {
    server = await DocumentedServer.start(guide.project.folder, 'orders.js');
    const { statusCode, headers } = await request(`${server.origin}/orders`);
    const metadata = 'resource_metadata="https://api.example.com/.well-known/oauth-protected-resource"';
    expect([statusCode, headers['www-authenticate']]).toEqual([
      401,
      [
        `Bearer realm="orders", ${metadata}`,
        `DPoP realm="orders", algs="ES256 ES384 EdDSA Ed25519 PS256 RS256", ${metadata}`,
      ],
    ]);
    const { body } = await request(`${server.origin}/.well-known/oauth-protected-resource`);
    expect(await body.json()).toMatchObject({
      dpop_signing_alg_values_supported: ['ES256', 'ES384', 'EdDSA', 'Ed25519', 'PS256', 'RS256'],
    });
  });

  test('the test passes', async () => {
    const report = await guide.project.node(['--test', '--test-reporter=tap', 'orders.test.js']);
    expect(report).toMatch(/^# pass 1$/m);
    expect(report).toMatch(/^# fail 0$/m);
  });

  test('every reason of a proof stands in it', () => {
    const text = documentOf('docs/dpop.md');
    const missing = Object.keys(DPOP_FIXES).filter((reason) => !String(JSON.stringify(text)).includes(reason));
    expect(missing.filter((reason) => reason !== 'dpop_token_unbound')).toEqual([]);
  });
});
