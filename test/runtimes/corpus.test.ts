import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { demoChain } from '../adapters/demo-chain.js';
import { ADAPTERS, type AdapterRow, type DemoServer } from '../adapters/demo-servers.js';
import { ask, requestText } from '../adapters/raw-client.js';
import { CORPUS, type CorpusRow, comparable, type GoldenAnswer } from '../rules/request-corpus.js';
import { RUNTIMES, type RuntimeName, RuntimeProcess, withRuntimes } from './runtime-process.js';

/** What a runtime cannot do as Node does, and why. The status is that of its answer; 0 where it gives none. */
interface Difference {
  readonly reason: string;
  readonly answers: Readonly<Record<string, Partial<Record<RuntimeName, number>>>>;
}

const DIFFERENCES: readonly Difference[] = JSON.parse(
  readFileSync(join(__dirname, '../vectors/requests/runtimes.json'), 'utf8'),
);
const FETCH = ADAPTERS.find(({ name }) => name === 'fetch (Hono)') as AdapterRow;
const NO_ANSWER = { statusLine: 'none', lines: [], body: '' };

/** Names of fields are the same in any case (RFC 9110 5.1), and fetch sorts the lines. */
async function answerOf(port: number, { method = 'GET', target = '/', lines, body }: CorpusRow): Promise<GoldenAnswer> {
  const given = await ask(port, 'http', requestText(method, target, lines, body)).catch(() => undefined);
  if (given === undefined) return NO_ANSWER;
  const answer = comparable(given);
  const named = answer.lines.map((line) => line.replace(/^[^:]+/, (name) => name.toLowerCase()));
  return { ...answer, lines: named.toSorted() };
}

function listed(name: RuntimeName, title: string): number | undefined {
  return DIFFERENCES.map(({ answers }) => answers[title]?.[name]).find((status) => status !== undefined);
}

withRuntimes(() => {
  let node: DemoServer;
  beforeAll(async () => {
    node = await FETCH.open(demoChain());
  });
  afterAll(() => node.close());

  describe.each(RUNTIMES)('on %s, the answer is that on Node, or the one of the list of differences:', (name) => {
    let server: RuntimeProcess;
    beforeAll(async () => {
      server = await RuntimeProcess.start(name, { serves: 'corpus' });
    });
    afterAll(() => server.stop());

    test.each(CORPUS)('$title', async (row) => {
      const onNode = await answerOf(node.port, row);
      const here = await answerOf(server.port, row);
      const status = listed(name, row.title);
      if (status === undefined) expect(here).toEqual(onNode);
      else {
        expect(here.statusLine).toMatch(status === 0 ? /^none$/ : `HTTP/1.1 ${status} `);
        expect(here).not.toEqual(onNode);
      }
    });
  });

  test('the list names requests of the corpus only', () => {
    const titles = DIFFERENCES.flatMap(({ answers }) => Object.keys(answers));
    expect(titles.filter((title) => !CORPUS.some((row) => row.title === title))).toEqual([]);
    expect(new Set(titles).size).toBeLessThan(CORPUS.length / 4);
  });
});
