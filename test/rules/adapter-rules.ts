import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ProblemFormatter, problemJson } from '@sallyport/core';
import { DemoTokens, demoChain } from '../adapters/demo-chain.js';
import type { AdapterRow, DemoServer } from '../adapters/demo-servers.js';
import { askHttp2 } from '../adapters/http2-client.js';
import { ask, type RawAnswer, requestText } from '../adapters/raw-client.js';
import { CORPUS, type CorpusRow, comparable, GOLDEN, type GoldenAnswer } from './request-corpus.js';

/** What every adapter must do, on every framework and protocol. */
export function adapterRules(row: AdapterRow): void {
  describe(`${row.name} keeps the rules of an adapter`, () => {
    const tokens = new DemoTokens();
    let server: DemoServer;
    beforeAll(async () => {
      server = await row.open(demoChain({}, tokens));
    });
    afterAll(() => server.close());

    const callTo = (
      { port }: DemoServer,
      method: string,
      target: string,
      lines: readonly string[] = [],
      body = '',
    ): Promise<RawAnswer> =>
      row.protocol === 'h2'
        ? askHttp2(port, { method, target, lines, body })
        : ask(port, row.protocol, requestText(method, target, lines, body));
    const call = (method: string, target: string, lines?: readonly string[], body?: string): Promise<RawAnswer> =>
      callTo(server, method, target, lines, body);
    const as = (token: string) => [`Authorization: Bearer ${token}`];

    test.each(['now', 'later'])(
      'a request that is granted %s reaches the application with its principal',
      async (kind) => {
        expect(await call('GET', '/', as(`${kind}.alice`))).toMatchObject({ status: 200, body: 'GET by alice' });
      },
    );

    test.each(['now', 'later'])('a route adds its guards to what was decided %s', async (kind) => {
      expect(await call('GET', '/orders', as(`${kind}.alice`))).toMatchObject({ status: 200, body: 'GET by alice' });
      expect(await call('GET', '/orders', as(`${kind}.bob`))).toMatchObject({ status: 403 });
    });

    test('header lines of a granted decision go onto the answer', async () => {
      const { status, lines } = await call('GET', '/orders', as('nonce.alice'));
      expect(status).toBe(200);
      expect(lines).toContain('dpop-nonce: n-1');
    });

    test('a refusal that onDenied gives back has the answer that it has without onDenied', async () => {
      const handedBack = await row.open(demoChain({}, tokens), {
        onDenied: (...given) => (given.at(-1) as () => never)(),
      });
      const challenged = await callTo(handedBack, 'GET', '/').finally(() => handedBack.close());
      expect(comparable(challenged)).toEqual(comparable(await call('GET', '/')));
      expect(challenged.status).toBe(401);
    });

    test('the body of a refusal may follow the Accept header (RFC 9110 12.5.1)', async () => {
      const format: ProblemFormatter = (problem, { accept = '' }) =>
        accept.includes('text/html')
          ? { contentType: 'text/html', body: `<h1>${problem.title}</h1>` }
          : problemJson(problem);
      const choosing = await row.open(demoChain({ format }, tokens));
      const answers = [];
      try {
        for (const lines of [['Accept: text/html,*/*;q=0.8'], ['Accept: application/json'], []]) {
          const answer = await callTo(choosing, 'GET', '/', lines);
          const types = answer.lines.filter((line) => /^content-type:/i.test(line)).map((line) => line.toLowerCase());
          answers.push([answer.status, ...types, answer.body.startsWith('<h1>Unauthorized</h1>')]);
        }
      } finally {
        await choosing.close();
      }
      const json = [401, 'content-type: application/problem+json', false];
      expect(answers).toEqual([[401, 'content-type: text/html', true], json, json]);
    });

    test('no body is read by the adapter', async () => {
      const body = 'x'.repeat(100_000);
      const lines = [...as('later.alice'), 'Content-Type: text/plain', `Content-Length: ${body.length}`];
      expect(await call('POST', '/echo', lines, body)).toMatchObject({
        body: 'POST by alice with 100000 bytes d69e689881578332',
      });
    });

    test('a request is verified once, however many guards look at it', async () => {
      const before = tokens.verified;
      await call('GET', '/orders', as('later.alice'));
      expect(tokens.verified).toBe(before + 1);
    });

    test.each(CORPUS)('$title', async (line) => {
      const inRoute = row.decidesInRoute && line.inRoute !== undefined ? { answer: line.inRoute } : {};
      const request = row.protocol === 'h2' ? { ...line, ...inRoute, ...line.h2 } : { ...line, ...inRoute };
      const { method = 'GET', target = '/', lines, body } = request;
      const answer = call(method, target, lines, body);
      if (request.answer === 'reset') await expect(answer).rejects.toThrow(/closed with error code/);
      else expectAnswer(await answer, request, row);
    });
  });
}

/** `answers` has the golden answers by name. */
export function expectAnswer(answer: RawAnswer, request: CorpusRow, row: AdapterRow, answers = GOLDEN): void {
  const { method = 'GET', by, text = '', extra = [] } = request;
  const isHead = method === 'HEAD';
  const serverStatus = request.server?.[row.name] ?? (request.answer === 'server' ? request.status : undefined);
  if (serverStatus !== undefined) {
    expect(answer.status).toBe(serverStatus);
    return;
  }
  if (request.answer !== 'granted') {
    const { statusLine, ...expected } = golden(answers, request.answer, isHead, row);
    expect(ordered(comparable(answer), row)).toEqual({
      ...expected,
      // HTTP/2 has no reason phrase (RFC 9113 8.3.2).
      statusLine: answer.statusLine.startsWith('HTTP/2') ? `HTTP/2 ${statusLine.split(' ')[1]}` : statusLine,
    });
    return;
  }
  expect(answer).toMatchObject({ status: 200, body: isHead ? '' : `${method} by ${by}${text}` });
  expect(answer.lines).toEqual(expect.arrayContaining([...extra]));
}

function golden(answers: typeof GOLDEN, name: string, isHead: boolean, row: AdapterRow): GoldenAnswer {
  const answer = answers[name];
  if (answer === undefined) throw new Error(`no golden answer is called ${name}`);
  const lines = row.joinsLines ? joined(answer.lines) : answer.lines;
  return ordered({ ...answer, lines, body: isHead ? '' : answer.body }, row);
}

/** Fetch sorts header lines when somebody in between looks at them. */
function ordered(answer: GoldenAnswer, { joinsLines }: AdapterRow): GoldenAnswer {
  return joinsLines ? { ...answer, lines: answer.lines.toSorted() } : answer;
}

/** Lines of one name as one line, where the first of them stood (RFC 9110 5.3). */
function joined(lines: readonly string[]): readonly string[] {
  const values = new Map<string, string>();
  for (const line of lines) {
    const [name = '', value = ''] = line.split(/: (.*)/s, 2);
    values.set(name, values.has(name) ? `${values.get(name)}, ${value}` : value);
  }
  return [...values].map(([name, value]) => `${name}: ${value}`);
}
