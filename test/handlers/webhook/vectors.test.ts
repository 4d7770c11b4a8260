import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { SecurityChain } from '@sallyport/core';
import { ask, ManualClock } from '@sallyport/core/testing';
import { WebhookHandler, type WebhookHandlerOptions } from '@sallyport/handlers/webhook';

interface Row {
  readonly title: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string;
  readonly status: number;
  readonly reason?: string;
  readonly principal?: object;
}

/** Deliveries of one scheme, signed by other code than ours. */
interface Vectors {
  /** The document of the vendor that says how deliveries are signed. */
  readonly ref: string;
  readonly scheme: WebhookHandlerOptions['scheme'];
  readonly secrets: readonly string[];
  /** Seconds since the epoch. */
  readonly now: number;
  readonly rows: readonly Row[];
}

const FOLDER = join(__dirname, '../../vectors/webhook');
const ALL = readdirSync(FOLDER).map((file): [string, Vectors] => [
  file,
  JSON.parse(readFileSync(join(FOLDER, file), 'utf8')),
]);

describe.each(ALL)('%s', (_file, { ref, scheme, secrets, now, rows }) => {
  const chain = () => {
    const clock = new ManualClock(now * 1_000);
    return new SecurityChain({ requirement: new WebhookHandler({ scheme, secrets }, { clock }) }, { clock });
  };

  test('names the document that it follows', () => {
    expect(ref).toMatch(/^(?:https:\/\/|docs\/)/);
  });

  test.each(rows)('$title: $status', async ({ headers, body, status, reason, principal }) => {
    const answer = await ask(chain(), 'POST /hooks', { headers, body });
    expect([answer.status, answer.reason]).toEqual([status, reason]);
    if (status === 200) expect(answer.principal).toMatchObject({ kind: 'workload', ...principal });
    if (principal !== undefined && 'claims' in principal) expect(answer.principal?.claims).toEqual(principal.claims);
  });
});
