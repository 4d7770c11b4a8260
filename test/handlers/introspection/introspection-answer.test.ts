import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { IntrospectionHandlerOptions } from '@sallyport/handlers/introspection';
import vectors from '../../vectors/introspection/answers.json' with { type: 'json' };
import { IntrospectionUnderTest } from './introspection-fixture.js';
import { IntrospectionServer } from './introspection-server.js';

interface Row {
  readonly rule: string;
  readonly ref: string;
  readonly body?: string;
  /** For bodies that are no text. */
  readonly base64?: string;
  readonly contentType?: string;
  readonly status?: number;
  readonly options?: Partial<IntrospectionHandlerOptions>;
  /** Status and reason code; 200 when granted. */
  readonly expect: string;
  readonly scopes?: readonly string[];
}

const rows = vectors as readonly Row[];

/** Refusals that time alone lifts: to remember them would prolong them. */
const PASSING = ['token_not_yet_valid', 'token_issued_in_future'];

let server: IntrospectionServer;
let subject: IntrospectionUnderTest;

beforeAll(async () => {
  server = await IntrospectionServer.start();
});

afterEach(() => subject.close());
afterAll(() => server.close());

function answerWith({ body = '', base64, contentType = 'application/json', status = 200, options }: Row): void {
  const bytes = base64 === undefined ? body : Buffer.from(base64, 'base64');
  server.answers({ status, headers: { 'content-type': contentType }, body: bytes });
  subject = new IntrospectionUnderTest({ endpoint: server.endpoint, ...options });
}

describe('an answer is worth what the RFCs say and no more, and only a definite no or an odd answer is remembered beside it', () => {
  test.each(rows)('$rule: $expect ($ref)', async (row) => {
    answerWith(row);
    const { status, reason, principal } = await subject.ask();
    expect([status, reason].filter(Boolean).join(' ')).toBe(row.expect);
    if (row.scopes !== undefined) expect(principal?.scopes).toEqual(row.scopes);
    const { entries, negativeEntries } = subject.handler.statistics.cache;
    if (status !== 200) expect(entries + negativeEntries).toBe(PASSING.includes(reason ?? '') ? 0 : 1);
  });
});
