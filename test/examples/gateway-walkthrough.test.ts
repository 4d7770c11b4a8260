import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Client, GatewayProcess } from '../support/gateway-process.js';
import { documentOf, tablesOf } from '../support/markdown.js';
import { inOneShell, WITHOUT_CURL } from '../support/one-shell.js';

/** A step as it is printed. */
interface PrintedStep {
  readonly title: string;
  readonly command: string;
  readonly status: string | undefined;
  readonly line: string | undefined;
}

function printedSteps(output: readonly string[]): readonly PrintedStep[] {
  const blocks = output
    .join('\n')
    .split(/\n\n/)
    .filter((block) => block.startsWith('# '));
  return blocks.map((block) => {
    const lines = block.split('\n');
    const outcome = lines.find((line) => line.startsWith('#   ')) ?? '';
    return {
      title: (lines[0] as string).slice(2),
      command: lines.filter((line) => !line.startsWith('#')).join('\n'),
      status: /answers (\d+)/.exec(outcome)?.[1],
      line: /here: (.*)$/.exec(outcome)?.[1],
    };
  });
}

const curlTest = WITHOUT_CURL === '' ? test : test.skip;

let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await GatewayProcess.start();
});
afterAll(async () => {
  await gateway.stop();
});

describe('the printed walkthrough', () => {
  let steps: readonly PrintedStep[];
  beforeAll(() => {
    steps = printedSteps(gateway.output);
  });

  curlTest(
    `works as printed, each answer short, with its status, and beside it the operator's line${WITHOUT_CURL}`,
    async () => {
      const answers = await inOneShell(steps.map(({ command }) => command));
      expect(answers).toHaveLength(steps.length);
      let from = 0;
      for (const [index, { title, status, line }] of steps.entries()) {
        const answer = answers[index] as string;
        expect([title, answer.length < 1_500, /^$|\n$/.test(answer)]).toEqual([title, true, true]);
        if (status !== undefined) expect([title, answer.trimEnd().split('\n').at(-1)]).toEqual([title, status]);
        if (line === undefined) continue;
        await gateway.logged(new RegExp(line.replace(/[^\w ]/g, '\\$&')), from);
        from = gateway.log.findIndex((one, position) => position >= from && one.includes(line)) + 1;
      }
      const answerTo = (title: string) => answers[steps.findIndex((step) => step.title === title)];
      expect(answerTo('Undeploy')).toContain('"deployStatus":"UNDEPLOYED"');
      expect(answerTo('Count the decisions')).toMatch(/http_response_status_code="503".* 1$/m);
    },
    60_000,
  );

  test('shows a refusal of each kind with its line', () => {
    const shown = steps.filter(({ line }) => line?.startsWith('access denied')).map(({ status }) => status);
    expect(new Set(shown)).toEqual(new Set(['400', '401', '403', '404', '429', '503']));
  });

  curlTest(`works with -k as well as with --cacert${WITHOUT_CURL}`, async () => {
    const few = steps.slice(0, 8).map(({ command }) => command.replace('--cacert "$CA"', '-k'));
    const answers = await inOneShell(few);
    expect(few[0]).toContain('curl -s -k ');
    expect(answers.map((answer) => answer.trimEnd().split('\n').at(-1))).toEqual([
      '',
      '200',
      '200',
      '200',
      '',
      '200',
      '',
      '200',
    ]);
  });
});

describe('examples/gateway/grants.md', () => {
  const page = documentOf('examples/gateway/grants.md');
  const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, code = '']) => code.trimEnd());
  const [refused = []] = tablesOf(page);

  const here = (code: string) =>
    code.replaceAll('https://localhost:9443', gateway.origin).replaceAll('https://localhost:8243', gateway.tokenOrigin);

  curlTest(`shows commands that get a token by each grant that is offered${WITHOUT_CURL}`, async () => {
    const answers = await inOneShell(blocks.map(here));
    expect(answers).toEqual(['', 'apim:tier_view\n', 'apim:tier_view\n', 'apim:api_publish\n', 'apim:tier_view\n']);
  });

  curlTest(`gets a token also with a code verifier that begins with a hyphen${WITHOUT_CURL}`, async () => {
    const drawn = /VERIFIER=\$\(.*?'\)/;
    const [first = '', last = ''] = [blocks[0], blocks.at(-1)];
    expect(last).toMatch(drawn);
    const answers = await inOneShell([here(first), here(last.replace(drawn, `VERIFIER=-${'v'.repeat(42)}`))]);
    expect(answers).toEqual(['', 'apim:tier_view\n']);
  });

  test('says truly which grants are refused (RFC 6749 5.2)', async () => {
    const payload = {
      clientName: 'any',
      owner: 'admin',
      callbackUrl: 'https://client.example/',
      grantType: 'password',
    };
    const client = (await gateway.register(payload)).json as Client;
    expect(refused).toHaveLength(6);
    for (const row of refused) {
      const grantType = (row['grant type'] as string).replaceAll('`', '');
      expect((await gateway.register({ ...payload, clientName: grantType, grantType })).status).toBe(400);
      const answer = await gateway.token(client, { grant_type: grantType });
      expect([grantType, answer.status, answer.json['error']]).toEqual([grantType, 400, 'unsupported_grant_type']);
    }
  });
});
