import { createHmac } from 'node:crypto';
import { SecurityChain } from '@sallyport/core';
import type { OnceStore } from '@sallyport/core/extend';
import { type Answer, ask, ManualClock } from '@sallyport/core/testing';
import { WebhookHandler, type WebhookHandlerOptions } from '@sallyport/handlers/webhook';

export const SECRET = 'a secret that both sides know';
export const OLD_SECRET = 'the secret that it replaces';

const hex = (secret: string, text: string) => createHmac('sha256', secret).update(text).digest('hex');

/** The header fields of a delivery of GitHub. */
export function fromGithub(body: string, secret = SECRET): Record<string, string> {
  return { 'X-Hub-Signature-256': `sha256=${hex(secret, body)}`, 'X-GitHub-Delivery': 'a-delivery' };
}

/** Those of a delivery of Stripe, signed by each of the secrets. */
export function fromStripe(body: string, seconds: number, ...secrets: readonly string[]): Record<string, string> {
  const signatures = secrets.map((secret) => `v1=${hex(secret, `${seconds}.${body}`)}`);
  return { 'Stripe-Signature': [`t=${seconds}`, ...signatures].join() };
}

/** A receiver of deliveries, with a clock. */
export class Receiver {
  readonly clock: ManualClock;
  readonly #chain: SecurityChain;

  constructor(options: Partial<WebhookHandlerOptions>, onceStore?: OnceStore, clock = new ManualClock()) {
    this.clock = clock;
    const handler = new WebhookHandler({ scheme: 'stripe', secrets: SECRET, ...options }, { clock, onceStore });
    this.#chain = new SecurityChain({ requirement: handler }, { clock });
  }

  /** Seconds since the epoch. */
  get now(): number {
    return this.clock.now() / 1_000;
  }

  answer(headers: Record<string, string>, body: string): Promise<Answer> {
    return ask(this.#chain, 'POST /hooks', { headers, body });
  }

  /** `200`, or status and reason. */
  async receive(headers: Record<string, string>, body: string): Promise<string> {
    const { status, reason } = await this.answer(headers, body);
    return reason === undefined ? String(status) : `${status} ${reason}`;
  }
}
