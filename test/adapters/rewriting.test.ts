import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { askHttp2 } from './http2-client.js';
import { RawClient, requestText } from './raw-client.js';
import { EXPRESS_ROWS } from './rewriting/express.js';
import { FASTIFY_ROWS } from './rewriting/fastify.js';
import { FETCH_ROWS } from './rewriting/fetch.js';
import { KOA_ROWS } from './rewriting/koa.js';
import { NODE_ROWS } from './rewriting/node.js';
import { ANSWERS, type Level, type RewritingRow, rewritingChain } from './rewriting/row.js';

const ROWS: readonly RewritingRow[] = [...EXPRESS_ROWS, ...KOA_ROWS, ...FASTIFY_ROWS, ...NODE_ROWS, ...FETCH_ROWS];

const PAIRS: readonly (readonly [from: Level, to: Level])[] = [
  ['open', 'scoped'],
  ['scoped', 'open'],
  ['token', 'scoped'],
];
const CALLERS = [undefined, 'now.bob', 'later.alice'];

/** The answers to all callers for each pair, on one connection as far as the server leaves it open. */
async function answersOf(row: RewritingRow, allowRewriting: boolean): Promise<Record<string, readonly number[]>> {
  const server = await row.open(rewritingChain(), allowRewriting ? { allowRewriting } : {});
  const client = row.protocol === 'h2' ? undefined : await RawClient.connect(server.port);
  const answers: Record<string, number[]> = {};
  try {
    for (const [from, to] of PAIRS) {
      const { method, target, lines = [] } = row.sent(from, to);
      for (const token of CALLERS) {
        const all = token === undefined ? lines : [...lines, `Authorization: Bearer ${token}`];
        const answer =
          client === undefined
            ? await askHttp2(server.port, { method, target, lines: all, body: '' })
            : await client.send(requestText(method, target, [...all, 'Content-Length: 0'])).answer();
        answers[`${from} to ${to}`] = [...(answers[`${from} to ${to}`] ?? []), answer.status];
      }
    }
    return answers;
  } finally {
    client?.close();
    await server.close();
  }
}

/** Both readings must grant; where one refuses, its refusal is the answer, that of the received one first. */
const both = (from: Level, to: Level) =>
  ANSWERS[from].map((status, caller) => (status === 200 ? ANSWERS[to][caller] : status));

const expected = (row: RewritingRow, judge: (from: Level, to: Level) => readonly (number | undefined)[]) =>
  Object.fromEntries(PAIRS.map(([from, to]) => [`${from} to ${to}`, atOnce(row, to, judge(from, to))]));

/** The last caller is granted later, but not where the operation asks for no credentials. */
const atOnce = (row: RewritingRow, to: Level, answers: readonly (number | undefined)[]) =>
  row.isReadAtOnce && to !== 'open' ? [...answers.slice(0, -1), 500] : answers;

const CANNOT_WAIT = expect.stringContaining('its decision has to be waited for');

beforeEach(() => void jest.spyOn(process, 'emitWarning').mockImplementation(() => {}));
afterEach(() => void jest.restoreAllMocks());

describe.each(ROWS)('a rewritten request: $name', (row) => {
  test('nobody reaches what the received or the running operation refuses', async () => {
    const judge = row.isReceivedLost ? (_from: Level, to: Level) => ANSWERS[to] : both;
    expect(await answersOf(row, false)).toEqual(expected(row, judge));
    const warnings = jest.mocked(process.emitWarning).mock.calls.filter(([, type]) => `${type}` === 'SallyportWarning');
    expect(warnings).toEqual(row.isReadAtOnce ? [[CANNOT_WAIT, 'SallyportWarning']] : []);
  });

  test('with allowRewriting, which warns at start, the running operation decides alone', async () => {
    const judge = row.isAskedBefore ? both : (_from: Level, to: Level) => ANSWERS[to];
    expect(await answersOf(row, true)).toEqual(expected(row, judge));
    expect(process.emitWarning).toHaveBeenCalledWith(expect.stringContaining('allowRewriting'), 'SallyportWarning');
  });
});
