import { describe, expect, test } from '@jest/globals';
import { ConfigurationError } from '@sallyport/core';
import { option } from '@sallyport/core/extend';

const KEYED = option.table('Keyed', { key: option.text, kid: option.optional(option.text) });
const FETCHED = option.table('Fetched', { url: option.text });
const source = option.byMember<object, object>({ key: KEYED, url: FETCHED });

const CODE = option.table('Code', { kind: option.oneOf('pin', 'word'), secret: option.text });
const BADGE = option.table('Badge', { kind: option.oneOf('badge'), number: option.wholeBetween(1, 9) });
const proof = option.byValue<object, object>('kind', { pin: CODE, word: CODE, badge: BADGE });

function problemOf(check: option.Check<unknown, unknown>, value: unknown): string {
  try {
    check(value, 'Doors.lock');
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}

describe('an option of several forms that a member tells apart', () => {
  test('has exactly one of these members', () => {
    expect(source({ key: 'k' }, 'Doors.lock')).toEqual({ key: 'k', kid: undefined });
    expect(source({ url: 'u' }, 'x')).toEqual({ url: 'u' });
    const rule = 'Doors.lock must have exactly one of key, url';
    expect(problemOf(source, {})).toBe(rule);
    expect(problemOf(source, { key: 'k', url: 'u' })).toBe(rule);
    expect(problemOf(source, Object.create({ key: 'k' }))).toBe(rule);
  });

  test('is checked as the form that it has', () => {
    expect(problemOf(source, { url: 'u', kid: 'k' })).toContain('Doors.lock has no option "kid"');
    expect(problemOf(source, { key: '' })).toBe('Doors.lock.key must be a non-empty string');
  });

  test('is an object', () => {
    for (const value of [undefined, null, 'key', 1])
      expect(problemOf(source, value)).toBe('Doors.lock must be an object');
  });
});

describe('an option of several forms that the value of a member tells apart', () => {
  test('is checked as the form of that value', () => {
    expect(proof({ kind: 'word', secret: 's' }, 'x')).toEqual({ kind: 'word', secret: 's' });
    expect(problemOf(proof, { kind: 'badge', number: 10 })).toBe('Doors.lock.number must be a number from 1 to 9');
  });

  test('names a form that is known', () => {
    const rule = 'Doors.lock.kind must be one of pin, word, badge';
    for (const kind of [undefined, 'toString', '', 1]) expect(problemOf(proof, { kind })).toBe(rule);
    expect(problemOf(proof, Object.create({ kind: 'badge' }))).toBe(rule);
  });
});

describe('the schema of an option of several forms', () => {
  test('has each form once', () => {
    expect(proof.schema).toEqual({ anyOf: [CODE.schema, BADGE.schema] });
    expect(source.schema).toEqual({ anyOf: [KEYED.schema, FETCHED.schema] });
  });

  test('leaves out what only code can give', () => {
    const key: option.Check<object> = option.withSchema(undefined, Object);
    expect(option.byMember<object, object>({ key, url: FETCHED }).schema).toEqual({ anyOf: [FETCHED.schema] });
    expect(option.byMember<object, object>({ key }).schema).toBeUndefined();
  });
});

test('a refined check keeps the schema and whether the option may be absent', () => {
  const upper = option.refined(option.withDefault(option.text, 'a'), (text) => text.toUpperCase());
  expect([upper(undefined, 'x'), upper('b', 'x')]).toEqual(['A', 'B']);
  expect(upper.schema).toEqual({ type: 'string', minLength: 1, default: 'a' });
  expect(option.table('Doors', { upper }).schema.required).toBeUndefined();
});

test('some of the known texts are one of them or a list, kept as a list', () => {
  const keys = option.someOf('brass', 'steel');
  expect([keys('steel', 'x'), keys(['brass', 'steel'], 'x')]).toEqual([['steel'], ['brass', 'steel']]);
  for (const value of ['wood', ['brass', 'wood']]) {
    expect(problemOf(keys, value)).toBe('Doors.lock must be some of brass, steel');
  }
  expect(problemOf(keys, [])).toBe('Doors.lock must be a non-empty string, or an array of them');
  const one = { type: 'string', enum: ['brass', 'steel'] };
  expect(keys.schema).toEqual({ anyOf: [one, { type: 'array', items: one, minItems: 1 }] });
});
