import { authenticated, createPrincipal, denied, type Verdict } from '@sallyport/core';
import { PERMITTED } from '@sallyport/core/extend';

const GRANT: Verdict = authenticated(createPrincipal({ subject: 'mallory' }));

function throwing(value: unknown): () => never {
  return () => {
    throw value;
  };
}

/** Throws whatever is done to it. */
const untouchable: object = new Proxy(
  {},
  { get: throwing('get'), has: throwing('has'), getPrototypeOf: throwing('getPrototypeOf'), ownKeys: throwing('keys') },
);

function withGetter(target: object, name: string): object {
  return Object.defineProperty(target, name, { get: throwing(new Error(name)) });
}

/** Nothing of this may be thrown by good code, and all of it is. */
const THROWN: readonly (readonly [string, unknown])[] = [
  ['an Error', new Error('a bug with a secret in it')],
  ['a string', 'broken'],
  ['undefined', undefined],
  ['null', null],
  ['a number', 0],
  ['a symbol', Symbol('broken')],
  ['a verdict', GRANT],
  ['an Error without a prototype', Object.setPrototypeOf(new Error('bare'), null)],
  ['an Error whose message throws', withGetter(new Error('m'), 'message')],
  ['an Error whose code throws', withGetter(new Error('m'), 'code')],
  ['an Error whose stack throws', withGetter(new Error('m'), 'stack')],
  ['an Error whose constructor throws', withGetter(new Error('m'), 'constructor')],
  ['something that throws whatever is done to it', untouchable],
];

/** What comes back instead of a verdict. */
const RETURNED: readonly (readonly [string, unknown])[] = [
  ['undefined', undefined],
  ['null', null],
  ['true', true],
  ['the word for a grant', 'authenticated'],
  ['a number', 1],
  ['a function', () => GRANT],
  ['an empty object', {}],
  ['a list with a grant in it', [GRANT]],
  ['a principal', createPrincipal({ subject: 'mallory' })],
  ["a guard's answer", PERMITTED],
  ['a look-alike of a grant', { ...GRANT }],
  ['a look-alike with the right prototype', Object.assign(Object.create(Object.getPrototypeOf(GRANT)), { ...GRANT })],
  ['an heir of a grant', Object.create(GRANT)],
  ['a proxy of a grant', new Proxy(GRANT, {})],
  ['a copy of a grant through JSON', JSON.parse(JSON.stringify(GRANT))],
  ['an object whose kind throws', withGetter({}, 'kind')],
  ['an object whose then throws', withGetter({}, 'then')],
  ['something that throws whatever is done to it', untouchable],
];

const THENABLES: readonly (readonly [string, unknown])[] = [
  ['a thenable that throws', thenable(throwing(new Error('then')))],
  ['a thenable that rejects with nothing', thenable((_, reject) => reject(undefined))],
  ['a thenable of a look-alike', thenable((resolve) => resolve({ ...GRANT }))],
  ['a thenable that rejects and then grants', thenable((resolve, reject) => [reject('no'), resolve(GRANT)])],
];

type Settle = (value: unknown) => void;

export function thenable(settle: (resolve: Settle, reject: Settle) => unknown): object {
  return Object.fromEntries([['then', settle]]);
}

/** A thenable that refuses first and grants afterwards: the first word counts. */
export const REFUSES_THEN_GRANTS = thenable((resolve) => [resolve(denied('first_word')), resolve(GRANT)]);

/** Everything that `verify` should never do, as functions to take its place. */
export const MISBEHAVIOURS: readonly (readonly [string, () => unknown])[] = [
  ...THROWN.map(([what, value]) => [`throws ${what}`, throwing(value)] as const),
  ...THROWN.map(([what, value]) => [`rejects with ${what}`, () => Promise.reject(value)] as const),
  ...RETURNED.map(([what, value]) => [`returns ${what}`, () => value] as const),
  ...RETURNED.map(([what, value]) => [`resolves with ${what}`, async () => value] as const),
  ...THENABLES.map(([what, value]) => [`returns ${what}`, () => value] as const),
];

/** Everything that `extract` should never do. */
export const MISEXTRACTIONS: readonly (readonly [string, () => unknown])[] = [
  ...THROWN.map(([what, value]) => [`throws ${what}`, throwing(value)] as const),
  ['returns null', () => null],
  ['returns a grant', () => GRANT],
  ['returns a promise', async () => 'credential'],
  ['returns a promise that rejects', () => Promise.reject(new Error('late'))],
  ['returns a thenable', () => thenable((resolve) => resolve('credential'))],
  ['returns an object whose then throws', () => withGetter({}, 'then')],
];
