import type { Principal } from '@sallyport/core';
import {
  authenticated,
  createPrincipal,
  type GrantedDecision,
  type GuardLike,
  guard,
  type Lease,
  type LeaseEvent,
  onLeaseEvent,
  type PrincipalInit,
  Revocations,
  type RevocationsCollaborators,
  type RevocationsOptions,
  SecurityChain,
  type SecurityChainOptions,
  type SecurityHandler,
  type Verdict,
} from '@sallyport/core';
import {
  bearerChallenge,
  type Eventually,
  type IncomingRequest,
  type LastingProof,
  type SecurityRequest,
  VerdictCache,
} from '@sallyport/core/extend';
import { ManualClock } from '@sallyport/core/testing';

/** Takes every bearer token for the name of a user, with what the test says of that user. */
export class NamedTokens implements SecurityHandler<string> {
  readonly name: string;
  readonly source: string;
  readonly challenges = [bearerChallenge('leases')];
  readonly users = new Map<string, Partial<PrincipalInit>>();
  readonly #cache: VerdictCache;

  constructor(
    clock: ManualClock,
    revocations: Revocations,
    { name = 'tokens', source = 'authorization:bearer', ttlSeconds = 60 } = {},
  ) {
    this.name = name;
    this.source = source;
    this.#cache = new VerdictCache({ namespace: name, ttlSeconds }, { clock, revocations });
  }

  extract(request: SecurityRequest): string | undefined {
    if (this.source.startsWith('header:')) return request.header(this.source.slice('header:'.length));
    const { authorization } = request;
    return authorization.kind === 'credentials' ? authorization.value : undefined;
  }

  verify(token: string, request: SecurityRequest): Eventually<Verdict> {
    return this.#cache.resolve(token, request, async () =>
      authenticated(createPrincipal({ subject: token, ...this.users.get(token) })),
    );
  }

  follow(token: string, principal: Principal): LastingProof {
    return this.#cache.follow(token, principal);
  }
}

export interface SettingOptions extends SecurityChainOptions {
  /** Adds a guard that refuses those who are banned. */
  readonly banning?: boolean;
  readonly revocations?: { options?: RevocationsOptions; services?: Partial<RevocationsCollaborators> };
}

/** A chain whose clock stands, and what happened to its leases. */
export class LeaseSetting {
  readonly clock: ManualClock;
  readonly revocations: Revocations;
  readonly tokens: NamedTokens;
  readonly chain: SecurityChain;
  readonly events: LeaseEvent[] = [];
  readonly banned = new Set<string>();
  readonly #mayStay = ({ subject }: Principal): boolean => !this.banned.has(subject);
  readonly #stop: () => void;

  constructor(
    { revocations = {}, banning = false, ...options }: SettingOptions = {},
    clock: ManualClock = new ManualClock(),
  ) {
    this.clock = clock;
    this.revocations = new Revocations(revocations.options, { ...revocations.services, clock });
    this.tokens = new NamedTokens(clock, this.revocations);
    this.chain = new SecurityChain(
      { name: 'leases', requirement: this.tokens, guards: banning ? [this.#mayStay] : [], ...options },
      { clock },
    );
    this.#stop = onLeaseEvent((event) => this.events.push(event));
  }

  /** The time now, in seconds since the epoch. */
  get now(): number {
    return this.clock.now() / 1_000;
  }

  async lease(
    token: string,
    { request = requestOf(token), guards = [], recheckSeconds = 60 }: Partial<TakenLease> = {},
  ): Promise<Lease> {
    const { decision } = await this.chain.explain(request);
    const granted = decision as GrantedDecision;
    const added = guards.map((each) => (typeof each === 'function' ? guard('added', each) : each));
    return this.chain.lease(granted, request, { guards: added, others: [], recheckSeconds });
  }

  close(): void {
    this.#stop();
  }
}

interface TakenLease {
  readonly request: IncomingRequest;
  readonly guards: readonly GuardLike[];
  readonly recheckSeconds: number;
}

export function requestOf(token: string, target = '/', ...lines: string[]): IncomingRequest {
  return {
    method: 'GET',
    target,
    rawHeaders: ['Authorization', `Bearer ${token}`, ...lines],
    remoteAddress: '192.0.2.1',
  };
}

/** Lets promises settle that wait for nothing. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await undefined;
}
