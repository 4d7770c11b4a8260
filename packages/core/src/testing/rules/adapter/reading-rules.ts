import { hash } from 'node:crypto';
import { thumbprintOf } from '../../../request/client-certificate.js';
import type { SecurityRequest } from '../../../request/request.js';
import { expectRule, shown } from '../rule.js';
import { type Mounted, type MountingOptions, mounted, type Subject, sending } from './adapter-under-test.js';
import { denialOf, expectDenial } from './refusing-rules.js';
import { RULE_CERTIFICATE } from './rule-certificate.js';
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

const TARGET = '/Items/a%20b?page=2&x';

export async function tellsMethodAndTarget(subject: Subject): Promise<void> {
  const seen = await seenWith(subject, {}, { method: 'POST', target: TARGET, body: 'x' });
  expectRule(seen.method === 'POST', `the chain was told the method ${shown(seen.method)}, not POST`);
  expectRule(seen.target === TARGET, `the chain was told the target ${shown(seen.target)}, not ${TARGET}`);
}

export async function tellsTheClient(subject: Subject): Promise<void> {
  const lines = ['X-Forwarded-For: 192.0.2.9, 198.51.100.1'];
  const direct = await seenWith(subject, {}, { lines });
  const isConnected = /^(?:::ffff:)?127\./.test(direct.remoteAddress ?? '');
  expectRule(isConnected, `the address is ${direct.remoteAddress}, not that of the connection`);
  const forwarded = await seenWith(subject, { trustedHops: 1 }, { lines });
  const isLast = forwarded.remoteAddress === '198.51.100.1';
  const told = `behind one trusted proxy the address is ${forwarded.remoteAddress}`;
  expectRule(isLast, `${told}, not the one that the proxy appended (198.51.100.1)`);
}

const LOOPBACK = ['127.0.0.0/8', '::1'];

export async function readsForwardedCertificates(subject: Subject): Promise<void> {
  const lines = [`Client-Cert: :${RULE_CERTIFICATE}:`];
  const behind = (proxies: readonly string[]) => ({ clientCertificates: { proxies } });
  const told = async (options: MountingOptions, sent: readonly string[]) => {
    const { certificate } = await seenWith(subject, options, { lines: [...sent] });
    return certificate === undefined
      ? 'none'
      : 'x509' in certificate
        ? thumbprintOf(certificate.x509)
        : certificate.kind;
  };
  const thumbprint = hash('sha256', Buffer.from(RULE_CERTIFICATE, 'base64'), 'base64url');
  const cases = [
    ['of a trusted proxy', behind(LOOPBACK), lines, thumbprint],
    ['of a peer that is none', behind(['192.0.2.1']), lines, 'none'],
    ['without the option', {}, lines, 'none'],
    ['of a trusted proxy that sends two lines', behind(LOOPBACK), [...lines, ...lines], 'malformed'],
  ] as const;
  for (const [what, options, sent, expected] of cases) {
    // The client of Node sends no two lines of one name over HTTP/2.
    if (sent.length > 1 && subject.protocol === 'h2') continue;
    const found = await told(options, sent);
    expectRule(found === expected, `the certificate ${what} is ${found}, not ${expected}`);
  }
}

interface Seen extends Pick<SecurityRequest, 'method' | 'target' | 'remoteAddress'> {
  readonly certificate: ReturnType<SecurityRequest['clientCertificate']>;
}

/** The request as the chain sees it. */
async function seenWith(subject: Subject, options: MountingOptions, request: WireRequest): Promise<Seen> {
  const seen: Seen[] = [];
  const look = (_principal: unknown, request: SecurityRequest): boolean => {
    const { method, target, remoteAddress } = request;
    seen.push({ method, target, remoteAddress, certificate: request.clientCertificate() });
    return true;
  };
  const lines = [...sending('now.alice'), ...(request.lines ?? [])];
  let answered: unknown;
  const send = async ({ ask }: Mounted) => {
    answered = (await ask({ ...request, lines })).status;
  };
  await mounted(subject, send, { options, chain: { guards: [look] } });
  const [first] = seen;
  expectRule(first !== undefined, `the chain was not asked; the status was ${answered}`);
  return first;
}
