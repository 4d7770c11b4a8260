import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  createPrincipal,
  every,
  forbidden,
  type Guard,
  type GuardLike,
  type GuardVerdict,
  guard,
  headerHandler,
  type Principal,
  rateLimit,
  requireAudience,
  requireRoles,
  requireScopes,
  some,
  unavailable,
} from '@sallyport/core';
import { ABSTAINED, PERMITTED, type SecurityRequest } from '@sallyport/core/extend';
import { assertRules, type GuardCases, guardRules } from '@sallyport/core/testing';
import { unhandledRejectionsOf } from '../../packages/core/src/testing/rules/side-effects.js';
import { breach, brokenRules } from './broken-rules.js';

const named = (subject: string) => createPrincipal({ subject });

const CASES: GuardCases = {
  permitted: [{ principal: named('alice'), bearer: 'token-of-alice' }],
  refused: [{ principal: named('mallory'), bearer: 'token-of-mallory' }],
  abstained: [{ principal: named('carol'), bearer: 'token-of-carol' }],
  unavailable: [{ principal: named('outage') }],
  stalled: { principal: named('nobody') },
};

/** Asks a directory, and keeps every rule; the others each break one. */
class GoodGuard implements Guard {
  readonly name: string = 'directory';

  async check({ subject }: Principal, request: SecurityRequest): Promise<GuardVerdict> {
    if (subject === 'nobody') return this.stall(request.signal);
    await null;
    return this.judge(subject, request);
  }

  judge(subject: string, _request: SecurityRequest): GuardVerdict {
    if (subject === 'outage') return unavailable('directory_down');
    if (subject === 'carol') return ABSTAINED;
    return subject === 'alice' ? PERMITTED : forbidden('policy_refused');
  }

  stall(signal: AbortSignal): Promise<GuardVerdict> {
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(unavailable('aborted')), { once: true });
    });
  }
}

class Renamed extends GoodGuard {
  override readonly name = `directory-${Math.random()}`;
}

class Opinionated extends GoodGuard {
  override judge(subject: string, request: SecurityRequest): GuardVerdict {
    return subject === 'carol' ? forbidden('policy_refused') : super.judge(subject, request);
  }
}

class Assuming extends GoodGuard {
  override judge(subject: string, request: SecurityRequest): GuardVerdict {
    decodeURIComponent(request.path);
    return super.judge(subject, request);
  }
}

class Answering extends GoodGuard {
  override judge(subject: string, request: SecurityRequest): GuardVerdict {
    return subject === '' ? (undefined as unknown as GuardVerdict) : super.judge(subject, request);
  }
}

/** Remembers for whom it is asked in a place that all requests share. */
class Forgetful extends GoodGuard {
  #subject = '';

  override async check(principal: Principal, request: SecurityRequest): Promise<GuardVerdict> {
    if (principal.subject === 'nobody') return super.check(principal, request);
    this.#subject = principal.subject;
    await null;
    return this.judge(this.#subject, request);
  }
}

class Waiting extends GoodGuard {
  override stall(): Promise<GuardVerdict> {
    return new Promise(() => {});
  }
}

class Careless extends GoodGuard {
  override judge(subject: string, request: SecurityRequest): GuardVerdict {
    void Promise.reject(new Error('nobody looks'));
    return super.judge(subject, request);
  }
}

class Talkative extends GoodGuard {
  override judge(subject: string, request: SecurityRequest): GuardVerdict {
    console.debug(`asked with ${request.header('authorization')}`);
    return super.judge(subject, request);
  }
}

const BAD_GUARDS: readonly (readonly [rule: string, what: string, make: () => GuardLike, told: string])[] = [
  [
    'one-name',
    'is called anew each time',
    () => new Renamed(),
    'the name must be the same at every look: directory-0.',
  ],
  [
    'one-verdict',
    'refuses where it has no opinion',
    () => new Opinionated(),
    'abstained[0]: the verdict was forbidden (policy_refused), not abstained',
  ],
  [
    'never-throws',
    'takes every path for readable',
    () => new Assuming(),
    'odd[6]: check() failed with URIError: URI malformed, at decodeURIComponent',
  ],
  [
    'never-throws',
    'returns nothing for nobody',
    () => new Answering(),
    'odd[0]: check() returned no verdict of a guard (undefined)',
  ],
  [
    'no-request-state',
    'mixes up who asks',
    () => new Forgetful(),
    'refused[0]: among other requests it came to permitted, alone to forbidden (policy_refused)',
  ],
  [
    'ends-with-request',
    'waits for ever',
    () => new Waiting(),
    'stalled: check() still waits after its request was aborted',
  ],
  [
    'no-unhandled-rejection',
    'leaves a rejection behind',
    () => new Careless(),
    'promises were rejected without anybody looking after them: one failed with Error: nobody looks, at Careless.judge',
  ],
  [
    'no-secret-shown',
    'prints what it is asked',
    () => new Talkative(),
    'the output shows a credential of permitted[0]',
  ],
];

// One of the bad guards prints; only the rule that looks for it shall see it.
beforeEach(() => {
  jest.spyOn(console, 'debug').mockImplementation(() => {});
});
afterEach(() => {
  jest.restoreAllMocks();
});

describe('the rules of guards', () => {
  test('find nothing in a guard that keeps every rule', async () => {
    expect(await brokenRules(guardRules(() => new GoodGuard(), CASES))).toEqual([]);
  });

  test.each(BAD_GUARDS)('%s, and no other, catches a guard that %s, and says so', async (rule, _what, make, told) => {
    let broken: readonly string[] = [];
    // One of them leaves rejections behind under every rule, which would fail this test from outside.
    await unhandledRejectionsOf(async () => {
      broken = await brokenRules(guardRules(make, CASES));
    });
    expect(broken).toEqual([breach(rule, told)]);
  });

  test('each have a guard that breaks them', () => {
    const tried = new Set(BAD_GUARDS.map(([rule]) => rule));
    expect(guardRules(() => new GoodGuard(), CASES).filter(({ id }) => !tried.has(id))).toEqual([]);
  });

  test('ask for a request that waits, as soon as a guard makes promises', async () => {
    const { stalled: _without, ...answered } = CASES;
    await expect(assertRules(guardRules(() => new GoodGuard(), answered))).rejects.toThrow(/need a `stalled` request/);
  });

  test('fail, rather than pass, where no outage was tried of a guard that asks somebody', async () => {
    class Blaming extends GoodGuard {
      override judge(subject: string, request: SecurityRequest): GuardVerdict {
        return subject === 'outage' ? forbidden('policy_refused') : super.judge(subject, request);
      }
    }
    const { unavailable: _without, ...untried } = CASES;
    const failing = assertRules(guardRules(() => new Blaming(), untried));
    await expect(failing).rejects.toThrow(/one-verdict: .* the cases need an `unavailable` request/);
  });

  test.each<[string, unknown]>([
    ['a misspelt list', { allowed: [] }],
    ['no request at all', { permitted: [] }],
    ['nobody who is refused, so that a guard that lets everybody in would pass', { permitted: [{}] }],
    ['nobody who is permitted, so that a guard that lets nobody in would pass', { refused: [{}] }],
    ['a text for a list', { permitted: 'alice' }],
  ])('say what is wrong with their use: %s', async (_what, cases) => {
    await expect(assertRules(guardRules(() => () => true, cases as GuardCases))).rejects.toThrow(/GuardCases/);
  });
});

const alice = createPrincipal({ subject: 'alice', scopes: ['a', 'files'], roles: ['admin'], audience: ['api'] });
const bob = createPrincipal({ subject: 'bob', scopes: ['b'] });
const byHeader = headerHandler({ name: 'key', header: 'X-Key', verify: () => alice });
const proved = createPrincipal({ subject: 'alice', scopes: ['a'], via: [{ handler: 'key', scheme: 'key' }] });
const both: GuardCases = { permitted: [{ principal: alice }], refused: [{ principal: bob }, {}] };

describe.each<[string, () => GuardLike, GuardCases]>([
  ['requireScopes', () => requireScopes('a'), both],
  [
    'requireScopes with a strategy',
    () => requireScopes(['files.read', 'c'], { match: 'any', strategy: 'hierarchic' }),
    both,
  ],
  [
    'requireScopes of one proof',
    () => requireScopes('a', { of: byHeader }),
    { permitted: [{ principal: proved }], refused: [{ principal: bob }, {}] },
  ],
  ['requireRoles', () => requireRoles('admin'), both],
  ['requireAudience', () => requireAudience(['api', 'other']), both],
  [
    'rateLimit',
    () => rateLimit({ name: 'l', limit: 1, windowSeconds: 60, cost: ({ subject }) => (subject === 'alice' ? 0 : 2) }),
    both,
  ],
  ['every', () => every(requireScopes('a'), requireRoles('admin'), () => true), both],
  ['some', () => some(requireScopes('c'), requireAudience('api')), both],
  [
    'every of guards without opinion',
    () =>
      every(
        guard('first', () => ABSTAINED),
        () => ABSTAINED,
      ),
    { abstained: [{}] },
  ],
  ['some of guards without opinion', () => some(() => ABSTAINED), { abstained: [{ principal: alice }] }],
  [
    'a function of principal and request',
    () =>
      ({ subject }, { method, path }) =>
        method === 'GET' && path === `/users/${subject}`,
    {
      permitted: [{ principal: alice, line: '/users/alice' }],
      refused: [{ principal: alice, line: '/users/bob' }, { principal: alice, line: 'PUT /users/alice' }, {}],
    },
  ],
])('%s keeps the rules of guards', (_name, make, cases) => {
  for (const { title, check } of guardRules(make, cases)) test(title, check);
});
