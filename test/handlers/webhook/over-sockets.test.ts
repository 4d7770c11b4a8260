import { createHmac, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sign as signAsGithub } from '@octokit/webhooks-methods';
import { anyOf, SecurityChain } from '@sallyport/core';
import { WebhookHandler } from '@sallyport/handlers/webhook';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { BODY_SERVERS, seen } from '../../adapters/body-servers.js';
import { type BodyWire, openBodyWire } from '../../adapters/body-wire.js';
import type { DemoServer } from '../../adapters/demo-servers.js';

const SECRET = randomBytes(24).toString('base64');
const BODY = '{"event":"paid","name":"Žofie – 日本"}';
const ID = 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W';

const macOf = (text: string) => createHmac('sha256', SECRET).update(text);

/** Deliveries as they are signed: by the code of the vendor where it is small, or by the rule of its document. */
const VENDORS: readonly [vendor: string, sent: (seconds: number) => readonly string[] | Promise<readonly string[]>][] =
  [
    ['github', async () => [`X-Hub-Signature-256: ${await signAsGithub(SECRET, BODY)}`, `X-GitHub-Delivery: ${ID}`]],
    [
      'standardWebhooks',
      (seconds) => {
        const signature = new StandardWebhook(`whsec_${SECRET}`).sign(ID, new Date(seconds * 1_000), BODY);
        return [`Webhook-Id: ${ID}`, `Webhook-Timestamp: ${seconds}`, `Webhook-Signature: ${signature}`];
      },
    ],
    ['stripe', (seconds) => [`Stripe-Signature: t=${seconds},v1=${macOf(`${seconds}.${BODY}`).digest('hex')}`]],
    [
      'slack',
      (seconds) => [
        `X-Slack-Request-Timestamp: ${seconds}`,
        `X-Slack-Signature: v0=${macOf(`v0:${seconds}:${BODY}`).digest('hex')}`,
      ],
    ],
    ['shopify', () => [`X-Shopify-Hmac-SHA256: ${macOf(BODY).digest('base64')}`, `X-Shopify-Webhook-Id: ${ID}`]],
  ];
const REPEATING = ['github', 'shopify'];

describe.each(BODY_SERVERS)('behind $name', ({ open, protocol }) => {
  let server: DemoServer;
  let wire: BodyWire;
  beforeAll(async () => {
    const handlers = VENDORS.map(
      ([vendor]) => new WebhookHandler({ name: vendor, scheme: vendor as never, secrets: SECRET }),
    );
    server = await open(new SecurityChain({ requirement: anyOf(...handlers) }));
    wire = await openBodyWire(server.port, protocol);
  });
  afterAll(async () => {
    wire.close();
    await server.close();
  });

  const send = (lines: readonly string[], text: string) => {
    const body = Buffer.from(text).toString('latin1');
    return wire.send({ rule: '', path: '/iterated', body, expected: 'same' }, [
      'Content-Type: application/x-stream',
      ...lines,
    ]);
  };

  test.each(VENDORS)(
    'a delivery of %s is granted as it was signed, and the application sees its bytes',
    async (vendor, sent) => {
      const lines = await sent(Math.floor(Date.now() / 1_000));
      expect((await send(lines, `${BODY} `)).status).toBe(401);
      expect(await send(lines, BODY)).toEqual({ status: 200, body: seen(Buffer.from(BODY)) });
      expect((await send(lines, BODY)).status).toBe(REPEATING.includes(vendor) ? 200 : 401);
      expect((await send(await sent(Math.floor(Date.now() / 1_000) - 301), BODY)).status).toBe(
        REPEATING.includes(vendor) ? 200 : 401,
      );
    },
  );
});
