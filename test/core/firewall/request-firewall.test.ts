import { describe, expect, test } from '@jest/globals';
import { anonymous, ConfigurationError, type Decision, type FirewallOptions, SecurityChain } from '@sallyport/core';
import { SecurityRequest } from '@sallyport/core/extend';
import accepted from '../../vectors/targets/accepted.json' with { type: 'json' };
import refused from '../../vectors/targets/refused.json' with { type: 'json' };
import relaxed from '../../vectors/targets/relaxed.json' with { type: 'json' };

interface Row {
  readonly rule: string;
  readonly ref: string;
  readonly target: string;
  readonly method?: string;
  readonly reason?: string;
  readonly options?: FirewallOptions;
}

/** What a chain that is open to everybody says, so that nothing but the firewall refuses. */
async function answerTo({ target, method = 'GET', options }: Row): Promise<Decision> {
  const chain = new SecurityChain({ requirement: anonymous(), ...(options && { firewall: options }) });
  return chain.decide(new SecurityRequest({ method, target, rawHeaders: [] }));
}

async function reasonOf(row: Row): Promise<string | undefined> {
  const decision = await answerTo(row);
  return decision.kind === 'denied' ? `${decision.status} ${decision.reason}` : undefined;
}

describe('the request firewall lets pass what can be read in one way only', () => {
  test.each(accepted as readonly Row[])('$rule ($ref)', async (row) => {
    expect(await reasonOf(row)).toBeUndefined();
  });
});

describe('the request firewall refuses what two parsers could read differently', () => {
  test.each(refused as readonly Row[])('$rule ($ref)', async (row) => {
    expect(await reasonOf(row)).toBe(`400 ${row.reason}`);
  });

  test('and tells nothing of the request, and no challenge, since no credential would help', async () => {
    const decision = await answerTo({ rule: '', ref: '', target: '/secret/../x' });
    expect(decision).toMatchObject({
      status: 400,
      headers: [
        ['Cache-Control', 'no-store'],
        ['Content-Type', expect.anything()],
      ],
    });
    expect(JSON.stringify(decision)).not.toContain('secret');
  });
});

describe('a relaxation lets pass what it names and nothing else', () => {
  test.each(relaxed as readonly Row[])('$options: $rule ($ref)', async (row) => {
    expect(await reasonOf(row)).toBe(row.reason === undefined ? undefined : `400 ${row.reason}`);
    if (row.reason !== undefined) return;
    const { options: _none, ...strict } = row;
    expect(await reasonOf(strict)).toMatch(/^400 /);
  });

  test.each<[string, object]>([
    ['an authority in capitals', { authorities: ['API.example'] }],
    ['an authority with a scheme', { authorities: ['https://api.example'] }],
    ['an authority with user information', { authorities: ['a@api.example'] }],
    ['an authority that is no text', { authorities: [1] }],
    ['a flag that is no flag', { allowSemicolon: 'yes' }],
    ['an option that there is not', { allowEverything: true }],
  ])('%s is refused at once', (_case, firewall) => {
    expect(() => new SecurityChain({ requirement: anonymous(), firewall })).toThrow(ConfigurationError);
  });
});

describe('the path of a target', () => {
  test.each([
    ['/pets/7?a=/b', '/pets/7', 'a=/b'],
    ['/pets', '/pets', ''],
    ['http://api.example/pets?a', '/pets', 'a'],
    ['http://api.example', '/', ''],
    ['https://[2001:db8::1]:8443/a/b', '/a/b', ''],
    ['/a?b=http://c/d', '/a', 'b=http://c/d'],
  ])('%s is %s (RFC 9112 3.2)', (target, path, query) => {
    const request = new SecurityRequest({ method: 'GET', target, rawHeaders: [] });
    expect([request.path, request.query]).toEqual([path, query]);
  });
});
