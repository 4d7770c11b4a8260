import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ask, ManualClock } from '@sallyport/core/testing';
import { IntrospectionUnderTest } from '../introspection/introspection-fixture.js';
import { IntrospectionServer } from '../introspection/introspection-server.js';
import { outcomeOf } from './dpop-fixture.js';

interface Example {
  readonly title: string;
  readonly ref: string;
  readonly scheme: string;
  readonly proof: string | null;
  readonly line?: string;
  readonly passSeconds?: number;
  readonly expect: string;
}

const { answer, token, rows }: { answer: { cnf: object }; token: string; rows: readonly Example[] } = JSON.parse(
  readFileSync(join(__dirname, '../../vectors/dpop/rfc9449.json'), 'utf8'),
);

/** When the proof of the RFC was made. */
const MADE_MS = 1_562_262_618_000;

test.each(rows)('$title: $expect ($ref)', async (row) => {
  const server = await IntrospectionServer.start(() => ({ body: answer }));
  const clock = new ManualClock(MADE_MS);
  const dpop = { externalUrl: 'https://resource.example.org' };
  const under = new IntrospectionUnderTest({ endpoint: server.endpoint, dpop }, { clock });
  clock.pass(row.passSeconds ?? 0);
  const headers = { Authorization: `${row.scheme} ${token}`, ...(row.proof !== null && { DPoP: row.proof }) };
  const given = await ask(under.chain, row.line ?? 'GET /protectedresource', { headers });
  expect(outcomeOf(given)).toBe(row.expect);
  if (given.status === 200) expect(given.principal?.confirmation).toEqual(answer.cnf);
  await under.close();
  await server.close();
});
