import { describe, expect, test } from '@jest/globals';
import {
  allOf,
  anonymous,
  ConfigurationError,
  denied,
  headerHandler,
  requireRoles,
  route,
  SecurityChain,
} from '@sallyport/core';
import { InMemoryUserStore } from '@sallyport/handlers/basic';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { openApi } from '@sallyport/openapi';

const SECRETS = [
  'CANARY-5ecret-of-at-least-32-characters!',
  'a secret with spaces',
  'sk4live7eC39HqLyj',
  'aVeryLongTextThatNobodyWouldChooseAsAName',
  'eyJhbGciOiJub25lIn0.e30.',
  'p@ssword',
  '',
];

function messageOf(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return String((error as Error).stack);
  }
  throw new Error('nothing was thrown');
}

const key = (name: string, header = 'X-Key') => headerHandler({ name, header, verify: () => denied('unknown') });

describe('what does not look like a name is not quoted, since it may be a secret in the wrong place', () => {
  const places: readonly (readonly [string, (secret: string) => unknown])[] = [
    ['an unknown option', (secret) => new SecurityChain({ requirement: anonymous(), [secret]: 1 })],
    [
      'an unknown option of an account',
      (secret) => new InMemoryUserStore([{ name: 'u', hash: 'x', [secret]: 1 } as never]),
    ],
    ['an unknown option of a guard', (secret) => requireRoles('a', { [secret]: 1 })],
    ['an unknown option of a route', (secret) => route('GET', '/', { [secret]: 1 })],
    [
      'two handlers of one name',
      (secret) => new SecurityChain({ requirement: allOf(key(`k ${secret}`), key(`k ${secret}`, 'X-Other')) }),
    ],
    [
      'two handlers of one credential',
      (secret) => new SecurityChain({ requirement: allOf(key(`k ${secret}`), key('other')) }),
    ],
    [
      'a rule of a claim',
      (secret) =>
        new JwtHandler({
          realm: 'r',
          issuers: [
            {
              issuer: 'https://i.example',
              audience: 'a',
              algorithms: 'RS256',
              keys: { discovery: true },
              claimRules: { [`x ${secret}`]: null },
            } as never,
          ],
        }),
    ],
  ];

  test.each(places)('%s', (_place, make) => {
    for (const secret of SECRETS) {
      const message = messageOf(() => make(secret));
      if (secret !== '') expect(message).not.toContain(secret);
    }
  });

  test('nor the name of a scheme', async () => {
    for (const secret of SECRETS) {
      const schemes = { [secret]: 1 } as never;
      const error = await openApi(
        { openapi: '3.0.4', info: { title: 't', version: '1' }, paths: {} },
        { schemes },
      ).catch((reason) => reason);
      expect(error).toBeInstanceOf(ConfigurationError);
      if (secret !== '') expect(error.stack).not.toContain(secret);
    }
  });

  test('the position and the known names tell which one it is', () => {
    const wrong = { requirement: anonymous(), [SECRETS[1] as string]: 1 };
    expect(messageOf(() => new SecurityChain(wrong))).toContain(
      'SecurityChainOptions has an unknown option in place 2 that does not look like a name; it has name, requirement',
    );
  });

  test('what looks like a name is quoted, with the nearest that is known', () => {
    const wrong = { requirement: anonymous(), deadlinems: 1 };
    expect(messageOf(() => new SecurityChain(wrong))).toContain('no option "deadlinems"; did you mean deadlineMs?');
  });
});

describe('options are what their object itself holds', () => {
  class Settings {
    readonly name = 'from a class';
    readonly requirement = anonymous();
  }

  test('fields of a class instance are its own', () => {
    expect(new SecurityChain(new Settings()).name).toBe('from a class');
  });

  test('an option that only its class has is refused, not left out in silence', () => {
    class Late extends Settings {
      get deadlineMs() {
        return 1;
      }
    }
    expect(messageOf(() => new SecurityChain(new Late()))).toContain(
      'SecurityChainOptions.deadlineMs must be a property',
    );
    const inherited = Object.assign(Object.create({ deadlineMs: 1 }), { requirement: anonymous() });
    expect(messageOf(() => new SecurityChain(inherited))).toContain(
      'SecurityChainOptions.deadlineMs must be a property',
    );
  });

  test('an object without a prototype will do', () => {
    const bare = Object.assign(Object.create(null), { requirement: anonymous(), name: 'bare' });
    expect(new SecurityChain(bare).name).toBe('bare');
  });

  test('getters of the object itself are read once', () => {
    let reads = 0;
    const options = {
      requirement: anonymous(),
      get name() {
        reads += 1;
        return 'got';
      },
    };
    expect([new SecurityChain(options).name, reads]).toEqual(['got', 1]);
  });
});
