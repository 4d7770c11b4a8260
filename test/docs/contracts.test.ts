import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { blocksOf } from './document-project.js';
import { openGuide } from './open-guide.js';

const DEFINITION = `openapi: 3.0.4
info: { title: Orders, version: "1" }
components:
  securitySchemes:
    Key: { type: apiKey, in: header, name: X-Key }
paths:
  /orders:
    get:
      operationId: listOrders
      security:
        - Key: []
        - Saml: []
      responses:
        200:
          description: The orders
    # More than one by one is not possible.
    post:
      operationId: createOrder
      responses:
        200: { description: The order }
`;

/** Starts the contract of the guide, with two handlers for headers; prints what it tells. */
const STARTS = `import { createPrincipal, headerHandler } from '@sallyport/core';
import { contractOf } from './contract.js';
const handler = (name) => headerHandler({ name, header: 'X-' + name, verify: () => createPrincipal({ subject: name }) });
const start = contractOf(handler('OAuth2'), handler('Key'));
await start.then(() => console.log('started'), ({ message }) => console.log(message));
`;

describe('docs/contracts.md', () => {
  const guide = openGuide('docs/contracts.md');

  async function told(definition: string): Promise<string> {
    guide.project.write('orders.yaml', definition);
    guide.project.write('start.mjs', STARTS);
    return (await guide.project.node(['start.mjs'])).trimEnd();
  }

  test('faults are told as it shows', async () => {
    const [shown] = blocksOf('docs/contracts.md').filter(({ code }) => code.startsWith('the definition has 2 faults'));
    expect(await told(DEFINITION)).toBe(shown?.code.trimEnd());
  });

  test('a definition without faults starts', async () => {
    const definition = DEFINITION.replace('        - Saml: []\n', '').replace(
      '    post:',
      '    post:\n      security: []',
    );
    expect(await told(definition)).toBe('started');
  });

  test('it is listed in the README', () => {
    expect(readFileSync(`${__dirname}/../../README.md`, 'utf8')).toContain(
      '| [docs/contracts.md](docs/contracts.md) |',
    );
  });
});
