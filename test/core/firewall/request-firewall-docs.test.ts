import { describe, expect, test } from '@jest/globals';
import { anonymous, authenticated, createPrincipal, type Requirement, SecurityChain } from '@sallyport/core';
import { challenge, SecurityRequest } from '@sallyport/core/extend';
import { PATH_RULES } from '../../../packages/core/src/request/target-rules.js';
import { documentOf, tablesOf } from '../../support/markdown.js';
import headers from '../../vectors/authorization/headers.json' with { type: 'json' };
import refused from '../../vectors/targets/refused.json' with { type: 'json' };

const [targets = [], credentials = [], options = []] = tablesOf(documentOf('docs/request-firewall.md'));
const RELAXATIONS = PATH_RULES.flatMap(({ relaxation }) => relaxation ?? []);

async function reasonOf(source: { method?: string; target?: string; rawHeaders?: string[] }): Promise<string> {
  const key: Requirement = {
    name: 'key',
    challenges: [challenge('ApiKey')],
    source: { at: 'header:x-api-key' },
    extract: (request) => request.header('x-api-key'),
    verify: () => authenticated(createPrincipal({ subject: 'a' })),
  };
  const chain = new SecurityChain({ requirement: source.rawHeaders === undefined ? anonymous() : key });
  const decision = await chain.decide(new SecurityRequest({ method: 'GET', target: '/', rawHeaders: [], ...source }));
  return decision.kind === 'denied' ? `${decision.status} ${decision.reason}` : 'granted';
}

describe('docs/request-firewall.md', () => {
  test('lists the rules for paths in the order of the code, each with its relaxation', () => {
    const listed = targets.map(({ Reason, Relaxation }) => [Reason, Relaxation]);
    const rules = PATH_RULES.map(({ reason, relaxation }) => [
      `\`${reason}\``,
      relaxation ? `\`${relaxation}\`` : 'none',
    ]);
    expect(listed.slice(-rules.length)).toEqual(rules);
  });

  test('lists every reason that a vector shows, and no other', () => {
    const shown = [...refused, ...headers].flatMap((row) =>
      'reason' in row && row.reason ? [`\`${row.reason}\``] : [],
    );
    const listed = [...targets, ...credentials].map(({ Reason }) => Reason);
    expect(new Set(listed)).toEqual(new Set([...shown, '`duplicate_credentials`']));
    expect(new Set(listed).size).toBe(listed.length);
  });

  test('lists every option, and what it lifts', () => {
    const listed = options.map((row) => [row['Option'], row['What it lifts']]);
    const rules = PATH_RULES.filter(({ relaxation }) => relaxation !== undefined);
    expect(new Map(listed as [string, string][])).toEqual(
      new Map([
        ...rules.map(({ reason, relaxation }) => [`\`${relaxation}\``, `\`${reason}\``] as const),
        ['`authorities`', '`target_form`'],
      ]),
    );
    expect(RELAXATIONS).toHaveLength(options.length - 1);
  });

  test.each(targets.map(({ Reason = '', Example = '' }) => [Reason, Example]))(
    '%s: the example %s is refused with it',
    async (reason, example) => {
      const text = textOf(example);
      const source = example.startsWith('method') ? { method: text } : { target: text };
      expect(await reasonOf(source)).toBe(`400 ${textOf(reason)}`);
    },
  );

  test.each(credentials.map(({ Reason = '', Example = '' }) => [Reason, Example]))(
    '%s: the example %s is refused with it',
    async (reason, example) => {
      const name = textOf(reason) === 'duplicate_credentials' ? 'X-Api-Key' : 'Authorization';
      const line = [name, textOf(example)];
      const rawHeaders = example.startsWith('two lines') ? [...line, ...line] : line;
      expect(await reasonOf({ rawHeaders })).toBe(`400 ${textOf(reason)}`);
    },
  );
});

/** What stands in a cell as code. */
function textOf(cell: string): string {
  return /`(.+)`/.exec(cell)?.[1] ?? '';
}
