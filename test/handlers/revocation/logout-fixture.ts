import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryOnceStore, Revocations } from '@sallyport/core';
import { ManualClock } from '@sallyport/core/testing';
import {
  BackChannelLogout,
  type BackChannelLogoutCollaborators,
  type EndpointAnswer,
  type LogoutIssuer,
  onRevocationEvent,
  type RevocationEvent,
} from '@sallyport/handlers/revocation';
import { newKey, tokenOf } from '../jwt/signing.js';

/** How one logout token differs from the usual one. */
export interface LogoutRow {
  readonly title: string;
  readonly header?: object;
  readonly withoutHeader?: readonly string[];
  readonly claims?: object;
  readonly without?: readonly string[];
  readonly sign?: 'another key' | 'before a change' | 'not at all';
  /** The text of the claims, instead. */
  readonly claimsText?: string;
  /** The whole token, instead. */
  readonly token?: string;
}

export interface LogoutVectors {
  readonly ref: string;
  /** Seconds since the epoch. */
  readonly now: number;
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly good: readonly LogoutRow[];
  readonly bad: readonly (LogoutRow & { readonly ref: string; readonly reason: string })[];
}

export const VECTORS: LogoutVectors = JSON.parse(
  readFileSync(join(__dirname, '../../vectors/revocation/logout-tokens.json'), 'utf8'),
);

const key = newKey('ES256');
const stranger = newKey('ES256');

export const ISSUER: LogoutIssuer = {
  issuer: 'https://as.example',
  clientId: ['shop', 'till'],
  algorithms: ['ES256'],
  keys: { jwks: { keys: [key.jwk] } },
};

export function logoutToken({ sign, claimsText, token, ...row }: Omit<LogoutRow, 'title'> = {}): string {
  if (token !== undefined) return token;
  const header = without({ ...VECTORS.header, ...row.header }, row.withoutHeader);
  const claims = claimsText ?? JSON.stringify(without({ ...VECTORS.claims, ...row.claims }, row.without));
  const { privateKey } = sign === 'another key' ? stranger : key;
  const [head, body, signature] = tokenOf(JSON.stringify(header), claims, 'ES256', privateKey).split('.');
  if (sign === 'not at all') return `${head}.${body}.`;
  if (sign !== 'before a change') return `${head}.${body}.${signature}`;
  const changed = claims.replace('"alice"', '"mallory"');
  return `${head}.${Buffer.from(changed).toString('base64url')}.${signature}`;
}

function without(members: object, names: readonly string[] = []): object {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name)));
}

export const FORM = ['Content-Type', 'application/x-www-form-urlencoded'];

/** A receiver on a clock that stands still, and what it told its operator. */
export class ReceiverUnderTest {
  readonly clock: ManualClock;
  readonly revocations: Revocations;
  readonly receiver: BackChannelLogout;
  readonly told: RevocationEvent[] = [];
  readonly #stop: () => void;

  constructor(
    options: Partial<LogoutIssuer> & { readonly secret?: string | readonly string[] } = {},
    services: Partial<BackChannelLogoutCollaborators> = {},
  ) {
    const { secret, ...issuer } = options;
    this.clock = (services.clock as ManualClock | undefined) ?? new ManualClock(VECTORS.now * 1_000);
    const { clock } = this;
    this.revocations = services.revocations ?? new Revocations({}, { clock });
    const onceStore = services.onceStore ?? new MemoryOnceStore({}, { clock });
    this.receiver = new BackChannelLogout(
      { issuers: [{ ...ISSUER, ...issuer }], secret },
      { clock, revocations: this.revocations, onceStore },
    );
    this.#stop = onRevocationEvent((event) => this.told.push(event));
  }

  send(token: string, remoteAddress = '192.0.2.1'): Promise<EndpointAnswer> {
    const body = new URLSearchParams({ logout_token: token }).toString();
    return this.receiver.receive({ method: 'POST', rawHeaders: FORM, body, remoteAddress });
  }

  close(): void {
    this.#stop();
  }
}
