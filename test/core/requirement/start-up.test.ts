import { describe, expect, test } from '@jest/globals';
import {
  allOf,
  anyOf,
  attempt,
  denied,
  optional,
  type Requirement,
  SecurityChain,
  type SecurityHandler,
} from '@sallyport/core';
import { bearerChallenge, challenge } from '@sallyport/core/extend';
import { ask } from '@sallyport/core/testing';
import { alice, basic, bearer, plain } from '../chain/scripted-handlers.js';

const INVALID = 'ERR_SALLYPORT_REQUIREMENT_INVALID';
const CONFLICT = 'ERR_SALLYPORT_SOURCE_CONFLICT';
const OPTION = 'ERR_SALLYPORT_OPTION_INVALID';

/** What the compiler would not let pass arrives from JavaScript. */
function half(member: object): SecurityHandler {
  return { ...plain('half'), ...member };
}

function both(options: object): Requirement {
  return allOf([bearer(), basic()], options);
}

describe('a requirement that cannot be meant is refused when the chain is made (rules 4 and 13)', () => {
  const nothing: Requirement = JSON.parse('null');
  const rows: readonly (readonly [string, () => Requirement | undefined, string])[] = [
    ['none at all', () => undefined, INVALID],
    ['anyOf of nothing', () => anyOf(), INVALID],
    ['allOf of nothing', () => allOf(), INVALID],
    ['allOf of an empty list', () => allOf([], { sameParty: true }), INVALID],
    ['sameParty that is neither a flag nor a function', () => both({ sameParty: 'yes' }), OPTION],
    ['null for the options of an allOf', () => both(nothing), OPTION],
    ['a misspelt option of an allOf', () => both({ sameparty: true }), 'ERR_SALLYPORT_OPTION_UNKNOWN'],
    ['null in an anyOf', () => anyOf(bearer(), nothing), INVALID],
    ['null in an allOf', () => allOf(bearer(), nothing), INVALID],
    ['optional of null', () => optional(nothing), INVALID],
    ['attempt of null', () => attempt(nothing), INVALID],
    ['a copy of an operator', () => Object.assign(JSON.parse('{}'), anyOf(bearer())), INVALID],
    ['an heir of an operator', () => optional(Object.create(anyOf(bearer()))), INVALID],
    ['a handler without a name', () => half({ name: '' }), INVALID],
    ['a handler without a challenge [RFC 9110 15.5.2]', () => half({ challenges: [] }), INVALID],
    ['a handler without extract', () => half({ extract: undefined }), INVALID],
    ['a handler without verify', () => half({ verify: 'verify' }), INVALID],
    ['two handlers of one name', () => anyOf(bearer(alice(), 'same'), { ...basic(), ...plain('same') }), INVALID],
    ['two handlers for all bearer tokens', () => anyOf(bearer(alice(), 'a'), bearer(alice(), 'b')), CONFLICT],
    ['the same below another operator', () => allOf(bearer(alice(), 'a'), optional(bearer(alice(), 'b'))), CONFLICT],
    ['a source in capitals', () => half({ source: { at: 'header:X-Key' } }), OPTION],
    ['a source of no kind', () => half({ source: { at: 'x-key' } }), OPTION],
    ['a source without a name', () => half({ source: { at: 'cookie:' } }), OPTION],
    ['a Bearer challenge without a parameter [RFC 6750 3]', () => half({ challenges: [challenge('Bearer')] }), OPTION],
    ['a challenge that is none', () => half({ challenges: [{ scheme: 'a b', parameters: {} }] }), OPTION],
    ['a realm with a line end', () => half({ challenges: [{ scheme: 'A', parameters: { realm: 'a\nb' } }] }), OPTION],
  ];

  test.each(rows)('%s', (_what, make, code) => {
    expect(() => new SecurityChain({ requirement: make() })).toThrow(expect.objectContaining({ code }));
  });

  test('one whole source beside selective ones and fallbacks is no conflict', () => {
    const requirement = anyOf(
      bearer(alice(), 'a', { selective: true }),
      bearer(alice(), 'b', { selective: true }),
      bearer(alice(), 'c'),
      bearer(alice(), 'd', { fallback: true }),
    );
    expect(new SecurityChain({ requirement }).handlers.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('one handler may stand in several places', async () => {
    const one = bearer();
    const requirement = anyOf(allOf(one, basic()), one);
    expect((await ask(new SecurityChain({ requirement }), '/', { bearer: 'token' })).status).toBe(200);
    expect(one.asked).toBe(1);
  });
});

test('a polluted Object.prototype claims nothing for a handler that has no source (CWE-1321)', () => {
  const source = { at: 'authorization:bearer', selective: true };
  Object.defineProperty(Object.prototype, 'source', { value: source, configurable: true });
  try {
    const silent = (name: string) => ({
      name,
      challenges: [bearerChallenge('api')],
      extract: () => undefined,
      verify: () => denied('never_asked'),
    });
    const requirement = anyOf(silent('first'), silent('second'));
    expect(() => new SecurityChain({ requirement })).toThrow(expect.objectContaining({ code: CONFLICT }));
  } finally {
    Reflect.deleteProperty(Object.prototype, 'source');
  }
});
