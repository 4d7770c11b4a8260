import { createHmac } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { expressSecurity } from '@sallyport/adapters/express';
import { WebhookHandler, type WebhookHandlerOptions } from '@sallyport/handlers/webhook';
import express from 'express';
import { NOON } from '../../handlers/jwt/jwt-fixture.js';
import type { Cause, Scene, Sent } from './scene.js';

const SECRET = 'a secret that the vendor knows';
const BODY = '{"action":"opened"}';

function github(scene: Scene, options: Partial<WebhookHandlerOptions> = {}): WebhookHandler {
  scene.keepSecret(SECRET);
  return new WebhookHandler({ scheme: 'github', secrets: SECRET, ...options }, { clock: scene.clock });
}

function slack(scene: Scene): WebhookHandler {
  scene.keepSecret(SECRET);
  return new WebhookHandler({ scheme: 'slack', secrets: SECRET }, { clock: scene.clock });
}

const signed = (text: string, secret = SECRET) => createHmac('sha256', secret).update(text).digest('hex');

function delivery(body: string, ...lines: readonly string[]): Sent {
  return { method: 'POST', body, lines: [`Content-Length: ${body.length}`, ...lines] };
}

const hub = (body: string, secret?: string) => delivery(body, `X-Hub-Signature-256: sha256=${signed(body, secret)}`);

/** As Slack signs at this time. */
function signedAt(time: number): Sent {
  const signature = signed(`v0:${time}:${BODY}`);
  return delivery(BODY, `X-Slack-Request-Timestamp: ${time}`, `X-Slack-Signature: v0=${signature}`);
}

/** What is proved by the body. */
export const BODIES: readonly Cause[] = [
  {
    cause: 'The delivery of a webhook has no signature',
    client: '401 unauthenticated',
    reason: 'credentials_missing',
    words: 'nothing at header:x-hub-signature-256 (webhook)',
    change: 'scheme',
    provoke: (scene) => scene.ask(github(scene), delivery(BODY)),
  },
  {
    cause: 'The delivery was signed with another secret, or something between changed its body',
    client: '401 invalid_credentials',
    reason: 'webhook_signature_mismatch',
    words: 'signatures: 1, secrets: 1, bytes of the body: 19; no two fit',
    change: 'secrets',
    provoke: (scene) => scene.ask(github(scene), hub(BODY, 'another secret of the vendor')),
  },
  {
    cause: 'The signature has another form, because the vendor is another one',
    client: '400 invalid_request',
    reason: 'webhook_signature_malformed',
    change: 'scheme',
    provoke: (scene) => scene.ask(github(scene), delivery(BODY, `X-Hub-Signature-256: v1=${signed(BODY)}`)),
  },
  {
    cause: 'The delivery is too old, or the clock of this machine is ahead',
    client: '401 invalid_credentials',
    reason: 'webhook_too_old',
    words: 'the delivery is 600 s old, at most 300 s are allowed',
    change: 'toleranceSeconds',
    provoke: (scene) => scene.ask(slack(scene), signedAt(NOON - 600)),
  },
  {
    cause: 'The same delivery came twice',
    client: '401 invalid_credentials',
    reason: 'webhook_replayed',
    words: 'the same was delivered less than … s ago',
    change: 'replays',
    provoke: async (scene) => {
      scene.secure({ requirement: slack(scene) });
      await scene.send(signedAt(NOON));
      await scene.send(signedAt(NOON));
    },
  },
  {
    cause: 'A body parser stands in front of `secure()`, and a handler needs the body',
    client: '500 internal_error',
    reason: 'body_unreadable',
    words: 'ERR_SALLYPORT_BODY_UNREADABLE',
    change: 'secure()',
    provoke: async (scene) => {
      const app = express();
      app.use(express.json());
      app.use(expressSecurity(scene.chain({ requirement: github(scene) }))());
      scene.mount(app);
      await scene.send({ ...hub(BODY), lines: [...(hub(BODY).lines ?? []), 'Content-Type: application/json'] });
    },
  },
  {
    cause: 'The body is larger than a proof over it may be',
    client: '413 content_too_large',
    reason: 'body_too_large',
    change: 'maxBodyBytes',
    provoke: async (scene) => {
      scene.secure({ requirement: github(scene), maxBodyBytes: 10 });
      await scene.send(hub(BODY));
    },
  },
  {
    cause: 'The client sends the body too slowly',
    client: '408 request_timeout',
    reason: 'body_too_slow',
    change: 'deadlineMs',
    provoke: async (scene) => {
      scene.secure({ requirement: github(scene) });
      const asked = scene.send({ ...hub(BODY), body: BODY.slice(0, 5) });
      while (scene.clock.waiting === 0) await turn();
      scene.clock.pass(5);
      await asked;
    },
  },
];
