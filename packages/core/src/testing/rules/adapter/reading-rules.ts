import type { SecurityRequest } from '../../../request/request.js';
import { expectRule } from '../rule.js';
import { type MountingOptions, mounted, type Subject, sending } from './adapter-under-test.js';
import { denialOf, expectDenial } from './refusing-rules.js';
import type { WireRequest } from './wire.js';

/** Requests that can be refused only by the lines and the target as they were sent. */
const REFUSED: readonly (readonly [what: string, request: WireRequest])[] = [
  ['two Authorization lines', { lines: [...sending('now.alice'), ...sending('now.bob')] }],
  ['two schemes in one line', { lines: ['Authorization: Bearer now.alice, Basic YTpi'] }],
  ['a dot segment', { target: '/public/../orders', lines: sending('now.alice') }],
  ['an encoded dot segment', { target: '/public/%2e%2e/orders', lines: sending('now.alice') }],
  ['a doubled slash', { target: '//orders', lines: sending('now.alice') }],
];

export async function readsWhatWasSent(subject: Subject): Promise<void> {
  await mounted(subject, async ({ ask, chain }) => {
    // The client of Node sends no two Authorization lines over HTTP/2.
    const refused = subject.protocol === 'h2' ? REFUSED.slice(1) : REFUSED;
    for (const [what, request] of refused) {
      expectDenial(await ask(request), await denialOf(chain, request), subject, what);
    }
  });
}

export async function tellsMethodAndTarget(subject: Subject): Promise<void> {
  const seen = await seenWith(subject, {}, { method: 'POST', target: '/Items/a%20b?page=2&x', body: 'x' });
  expectRule(seen.method === 'POST', 'the chain was told another method');
  expectRule(seen.target === '/Items/a%20b?page=2&x', 'the chain was told another target than was sent');
}

export async function tellsTheClient(subject: Subject): Promise<void> {
  const lines = ['X-Forwarded-For: 192.0.2.9, 198.51.100.1'];
  const direct = await seenWith(subject, {}, { lines });
  expectRule(/^(?:::ffff:)?127\./.test(direct.remoteAddress ?? ''), 'the address is not that of the connection');
  const forwarded = await seenWith(subject, { trustedHops: 1 }, { lines });
  const isLast = forwarded.remoteAddress === '198.51.100.1';
  expectRule(isLast, 'behind one trusted proxy the address is not the one that the proxy appended');
}

type Seen = Pick<SecurityRequest, 'method' | 'target' | 'remoteAddress'>;

/** The request as the chain sees it. */
async function seenWith(subject: Subject, options: MountingOptions, request: WireRequest): Promise<Seen> {
  const seen: Seen[] = [];
  const look = (_principal: unknown, { method, target, remoteAddress }: SecurityRequest): boolean => {
    seen.push({ method, target, remoteAddress });
    return true;
  };
  const lines = [...sending('now.alice'), ...(request.lines ?? [])];
  await mounted(subject, async ({ ask }) => void (await ask({ ...request, lines })), {
    options,
    chain: { guards: [look] },
  });
  const [first] = seen;
  expectRule(first !== undefined, 'the chain was not asked');
  return first;
}
