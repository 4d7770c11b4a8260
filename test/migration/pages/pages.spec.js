// Asks the servers of every page, before, after and during the move.
import { deepEqual, equal } from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PAGES } from './asks.js';
import { OpenedServer } from './opened-server.js';

const OUT = join(import.meta.dirname, 'out');
const STAGES = process.env.PAGES_STAGES.split(' ');
const IS_PARTIAL = STAGES.length === 1;

/** The expectation of a stage: a status, or a status and the body. During the move, an answer is the one before or after. */
function expectedAt(stage, { before, after, during }) {
  const expected = { before, after, 'side-by-side': during ?? after }[stage];
  return Array.isArray(expected) ? expected : [expected];
}

for (const [page, asksOf] of Object.entries(PAGES)) {
  for (const stage of STAGES) {
    const file = join(OUT, page, `${stage}.js`);
    // After the move alone, servers are there that need none of the packages they came from.
    if (IS_PARTIAL && !existsSync(file)) continue;
    test(`${page}, ${stage}`, async (context) => {
      const server = await OpenedServer.of(file);
      context.after(() => server.close());
      for (const { what, line, headers = {}, ...answers } of await asksOf()) {
        const [status, body] = expectedAt(stage, answers);
        const answer = await server.ask(line, headers);
        equal(answer.status, status, `${line} with ${what}: ${JSON.stringify(answer)}`);
        if (body !== undefined) deepEqual(answer.body, body, `${line} with ${what}`);
        if (stage === 'after' && status === 401) equal(typeof answer.challenge, 'string', `${line} with ${what}`);
      }
    });
  }
}
