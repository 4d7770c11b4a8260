import { attemptTo } from '../../clock/eventually.js';
import { sourceOf } from '../../handler/credential-source.js';
import type { SecurityHandler } from '../../handler/handler.js';
import { formatChallenge } from '../../verdict/challenge.js';
import { isVerdict } from '../../verdict/verdict.js';
import { ManualClock } from '../manual-clock.js';
import { extracted, madeBy, toldError, UNFIT, withHandler } from './call-result.js';
import {
  type CaseParts,
  labelled,
  type NamedParts,
  ownCases,
  requestOf,
  type Subject,
  secretsOf,
} from './handler-cases.js';
import { BrokenRule, expectRule, shown } from './rule.js';
import { startedBy } from './side-effects.js';

export async function hasOneIdentity({ factory }: Subject): Promise<void> {
  const handlers = [await madeBy(factory, new ManualClock()), await madeBy(factory, new ManualClock())];
  const looks = [...handlers, ...handlers].map((handler) => {
    const { name, challenges } = handler;
    expectRule(typeof name === 'string' && name !== '', `the name must be a text, and is ${shown(name)}`);
    expectRule(challenges.length > 0, 'there must be a challenge (RFC 9110 15.5.2)');
    const source = attemptTo<unknown>(
      () => sourceOf(handler),
      (error) => {
        throw new BrokenRule(`the source must be such as header:x-key (${String(error)})`);
      },
    );
    return JSON.stringify([name, challenges.map(formatChallenge), source]);
  });
  const other = looks.find((look) => look !== looks[0]);
  expectRule(
    other === undefined,
    `name, challenges and source must be the same at every look: ${looks[0]}, then ${other}`,
  );
}

/** The kind of result of an extraction, without its content. */
function foundBy(handler: SecurityHandler, parts: CaseParts): string {
  const found = extracted(handler, requestOf(parts));
  if (isVerdict(found)) return `verdict ${found.kind}`;
  return found === undefined ? 'nothing' : 'a credential';
}

export async function extractsTheSameTwice(subject: Subject): Promise<void> {
  await withHandler(subject, (handler) => {
    for (const { label, parts } of ownCases(subject.cases)) {
      const first = foundBy(handler, parts);
      for (let again = 0; again < 4; again += 1) {
        const found = foundBy(handler, parts);
        expectRule(found === first, `${label}: extract() found ${first}, then ${found} in an equal request`);
      }
    }
  });
}

export async function extractsSynchronously(subject: Subject): Promise<void> {
  await withHandler(subject, (handler) => {
    for (const { label, parts } of ownCases(subject.cases)) {
      const found = attemptTo(
        () => handler.extract(requestOf(parts)),
        () => undefined,
      );
      expectRule(!(found instanceof Promise), `${label}: extract() returned a promise`);
    }
  });
}

export async function extractStartsNothing(subject: Subject): Promise<void> {
  await withHandler(subject, (handler) => {
    for (const { label, parts } of ownCases(subject.cases)) {
      const request = requestOf(parts);
      let found: unknown;
      const started = startedBy(() => {
        found = extracted(handler, request);
      });
      if (found === UNFIT) continue;
      expectRule(started.length === 0, `${label}: extract() started ${[...new Set(started)].join(', ')}`);
    }
  });
}

export async function extractNeverThrows(subject: Subject): Promise<void> {
  await withHandler(subject, (handler) => {
    for (const { label, parts } of [...ownCases(subject.cases), ...hostileRequests(handler)]) {
      const found = attemptTo<unknown>(
        () => handler.extract(requestOf(parts)),
        (error) => new BrokenRule(`${label}: ${toldError('extract()', error, secretsOf(subject.cases))}`),
      );
      if (found instanceof BrokenRule) throw found;
      expectRule(found !== null, `${label}: extract() returned null; "not mine" is undefined`);
      expectRule(!isVerdict(found) || found.kind !== 'authenticated', `${label}: extract() granted`);
    }
  });
}

export async function takesOnlyItsOwn(subject: Subject): Promise<void> {
  await withHandler(subject, (handler) => {
    const { places } = sourceOf(handler);
    const others = Object.entries(FOREIGN).filter(([owner]) => places.every(({ at }) => owner !== at));
    const foreign = [
      { label: 'a request without credentials', parts: {} },
      ...others.map(([owner, parts]) => ({ label: `a credential of ${owner}`, parts })),
      ...labelled('foreign', subject.cases.foreign),
    ];
    for (const { label, parts } of foreign) {
      const found = extracted(handler, requestOf(parts));
      expectRule(found === undefined || found === UNFIT, `${label} was taken`);
    }
  });
}

const FOREIGN: Readonly<Record<string, CaseParts>> = {
  'authorization:bearer': { bearer: 'mF_9.B5f-4.1JqM' },
  'authorization:basic': { basic: ['somebody', 'something'] },
  'authorization:unheard-of': { headers: { Authorization: 'Unheard-Of c29tZXRoaW5n' } },
  'header:x-unheard-of': { headers: { 'X-Unheard-Of': 'something' } },
  'cookie:unheard-of': { cookies: { 'unheard-of': 'something' } },
};

const JUNK = [
  '',
  ' ',
  '=',
  '====',
  '.',
  '..',
  'a.b.c',
  '%',
  '%zz',
  ':',
  '"',
  '{}',
  '[',
  'null',
  '\u0000',
  '\u00ff\u00fe',
  'é',
  'x'.repeat(10_000),
  '../../etc/passwd',
  "' OR 1=1 --",
];

/** Junk in each of the handler's own places, once and twice. */
export function hostileRequests(handler: SecurityHandler): readonly NamedParts[] {
  return sourceOf(handler).places.flatMap(({ at }) => junkAt(at));
}

function junkAt(at: string): readonly NamedParts[] {
  const [place, name = ''] = at.split(':', 2);
  const partsOf = (...values: readonly string[]): CaseParts => {
    if (place === 'authorization') return { headers: { Authorization: values.map((value) => `${name} ${value}`) } };
    if (place === 'cookie') return { headers: { Cookie: values.map((value) => `${name}=${value}`) } };
    if (place === 'query')
      return { line: `/?${new URLSearchParams(values.map((value): [string, string] => [name, value]))}` };
    if (place === 'subprotocol')
      return { headers: { 'Sec-WebSocket-Protocol': values.map((value) => `${name}, ${value}`) } };
    return { headers: { [name]: values } };
  };
  return [
    ...JUNK.map((value, index) => ({ label: `junk[${index}]`, parts: partsOf(value) })),
    { label: 'doubled junk', parts: partsOf('first', 'second') },
  ];
}
