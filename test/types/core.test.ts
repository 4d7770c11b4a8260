import { describe, expect, test } from '@jest/globals';
import {
  allOf,
  anonymous,
  anyOf,
  attempt,
  authenticated,
  createPrincipal,
  type Decision,
  type DeniedDecision,
  denied,
  type Explanation,
  every,
  type GrantedDecision,
  type Guard,
  type GuardFunction,
  type GuardLike,
  type GuardVerdict,
  guard,
  headerHandler,
  type Malformed,
  malformed,
  optional,
  type Principal,
  type PrincipalInit,
  type Requirement,
  requireScopes,
  route,
  routes,
  SecurityChain,
  type SecurityChainOptions,
  type SecurityHandler,
  type Verdict,
} from '@sallyport/core';
import {
  type Challenge,
  challenge,
  type Eventually,
  type HeaderLine,
  isDecision,
  isPrincipal,
  isVerdict,
  PERMITTED,
  type RouteTable,
  type Secret,
  type SecurityRequest,
} from '@sallyport/core/extend';
import { type Answer, ask } from '@sallyport/core/testing';
import { type OpenApiOptions, openApi } from '@sallyport/openapi';
import { expectTypeOf } from 'expect-type';

/**
 * The compiler checks these: a wrong type fails the type check, an unused `@ts-expect-error` as well. Running them shows
 * that what the types promise is there.
 */

interface Order {
  readonly tenant: string;
  readonly roles: readonly string[];
}

class Ticket {
  readonly number: number = 1;
}

class TicketHandler implements SecurityHandler<Ticket> {
  readonly name = 'ticket';
  readonly challenges: readonly Challenge[] = [challenge('Ticket')];

  extract(request: SecurityRequest): Ticket | Malformed | undefined {
    return request.header('x-ticket') === undefined ? undefined : new Ticket();
  }

  verify(ticket: Ticket): Verdict {
    return ticket.number === 1 ? authenticated(createPrincipal({ subject: 'alice' })) : denied('wrong');
  }
}

describe('types: handlers', () => {
  test('what extract finds is what verify gets', () => {
    expectTypeOf<SecurityHandler<Ticket>['verify']>().parameter(0).toEqualTypeOf<Ticket>();
    expectTypeOf<SecurityHandler<Ticket>['extract']>().returns.toEqualTypeOf<Ticket | Verdict | undefined>();
    expectTypeOf<SecurityHandler['verify']>().returns.toEqualTypeOf<Verdict | Promise<Verdict>>();
    expect(new TicketHandler().verify(new Ticket()).kind).toBe('authenticated');
  });

  test('a handler of any credential is a requirement, and so is every operator', () => {
    expectTypeOf<TicketHandler>().toExtend<Requirement>();
    const handler = new TicketHandler();
    const tree: Requirement = anyOf(allOf(handler, optional(handler)), attempt(handler), anonymous());
    expectTypeOf(tree).toExtend<SecurityChainOptions['requirement']>();
    const agreeing: Requirement = allOf([handler, handler], {
      sameParty: (first, other) => first.subject === other.subject,
    });
    expect(agreeing).toHaveProperty('members.length', 2);
    // @ts-expect-error a text is no requirement
    expect(() => anyOf('ticket')).toThrow();
  });

  test('extract answers at once', () => {
    // @ts-expect-error a promise is no credential of this handler
    const late: SecurityHandler<Ticket> = { ...new TicketHandler(), extract: async () => new Ticket() };
    expect(late.name).toBe('ticket');
  });

  test('a handler for a header gets its value as a text and keeps it as a secret', () => {
    const handler = headerHandler({ name: 'key', header: 'x-key', verify: (value) => ({ subject: value }) });
    expectTypeOf(handler).toEqualTypeOf<SecurityHandler<Secret>>();
    expect(handler.name).toBe('key');
  });
});

describe('types: verdicts', () => {
  test('are told apart by kind', () => {
    const reasonOf = (verdict: Verdict) => {
      if (verdict.kind === 'authenticated') {
        expectTypeOf(verdict.principal).toEqualTypeOf<Principal>();
        return undefined;
      }
      expectTypeOf(verdict.reason).toBeString();
      if (verdict.kind === 'forbidden') expectTypeOf(verdict.scopes).toEqualTypeOf<readonly string[] | undefined>();
      if (verdict.kind === 'limited') expectTypeOf(verdict.retryAfterSeconds).toBeNumber();
      return verdict.reason;
    };
    expect(reasonOf(malformed('syntax'))).toBe('syntax');
  });

  test('a look-alike is none', () => {
    const lookAlike = { kind: 'denied', reason: 'no' } as const;
    expectTypeOf<typeof lookAlike>().not.toExtend<Verdict>();
    expectTypeOf<{ subject: string }>().not.toExtend<Principal>();
    expect(isVerdict(lookAlike)).toBe(false);
  });

  test('the brand checks narrow', () => {
    expectTypeOf(isVerdict).guards.toEqualTypeOf<Verdict>();
    expectTypeOf(isPrincipal).guards.toEqualTypeOf<Principal>();
    expectTypeOf(isDecision).guards.toEqualTypeOf<Decision>();
    expect([isVerdict, isPrincipal, isDecision].map((check) => check({}))).toEqual([false, false, false]);
  });
});

describe('types: principals', () => {
  test('carry the type of their claims, read-only', () => {
    const principal = createPrincipal<Order>({ subject: 'alice', claims: { tenant: 'acme', roles: [] } });
    expectTypeOf(principal).toEqualTypeOf<Principal<Order>>();
    expectTypeOf(principal.claims).toEqualTypeOf<Readonly<Order>>();
    expectTypeOf(principal.claims.tenant).toBeString();
    expect(() => {
      // @ts-expect-error claims are read-only
      principal.claims.tenant = 'other';
    }).toThrow(TypeError);
  });

  test('infer it from what they are made of', () => {
    const { claims } = createPrincipal({ subject: 'alice', claims: { level: 3 } });
    expectTypeOf(claims).toEqualTypeOf<Readonly<{ level: number }>>();
    expect(claims.level).toBe(3);
  });

  test('by default a claim is unknown until it is looked at', () => {
    expectTypeOf<Principal['claims']['any']>().toBeUnknown();
    expectTypeOf<PrincipalInit>().toHaveProperty('subject').toBeString();
    expectTypeOf<Principal>().toHaveProperty('scopes').toEqualTypeOf<readonly string[]>();
    expect(createPrincipal({ subject: 'alice' }).claims['any']).toBeUndefined();
  });
});

describe('types: guards', () => {
  test('a function answers with true, false or a guard verdict, now or later', () => {
    expectTypeOf<GuardFunction>().returns.toEqualTypeOf<Eventually<GuardVerdict | boolean>>();
    expectTypeOf<() => boolean>().toExtend<GuardLike>();
    expectTypeOf<() => Promise<boolean>>().toExtend<GuardLike>();
    expectTypeOf<(principal: Principal, request: SecurityRequest) => GuardVerdict>().toExtend<GuardLike>();
    expectTypeOf<() => string>().not.toExtend<GuardLike>();
    expectTypeOf<() => void>().not.toExtend<GuardLike>();
    expectTypeOf(
      every(
        () => true,
        guard('named', () => PERMITTED),
      ),
    ).toEqualTypeOf<Guard<never>>();
    expect(requireScopes('a').name).toBe('requireScopes(a)');
    expect(requireScopes('a', { of: new TicketHandler() }).name).toBe('requireScopes(a) of ticket');
  });

  test('never grants by itself', () => {
    expectTypeOf<Extract<GuardVerdict, { kind: 'authenticated' | 'malformed' }>>().toBeNever();
    expect(PERMITTED.kind).toBe('permitted');
  });
});

describe('types: chains and decisions', () => {
  const chain = new SecurityChain({ requirement: new TicketHandler() });

  test('a decision is there at once or later, and told apart by kind', async () => {
    expectTypeOf(chain.decide).returns.toEqualTypeOf<Decision | Promise<Decision>>();
    expectTypeOf(chain.explain).returns.resolves.toEqualTypeOf<Explanation>();
    expectTypeOf<Decision>().toEqualTypeOf<GrantedDecision | DeniedDecision>();
    expectTypeOf<Extract<Decision, { kind: 'granted' }>['principal']>().toEqualTypeOf<Principal>();
    expectTypeOf<Extract<Decision, { kind: 'denied' }>['headers']>().toEqualTypeOf<readonly HeaderLine[]>();
    const answer = await ask(chain);
    expectTypeOf(answer).toEqualTypeOf<Answer>();
    expect(answer.status).toBe(401);
  });

  test('options take an explicit undefined, and no key that is not known', () => {
    expectTypeOf(SecurityChain).toBeConstructibleWith({ requirement: anonymous(), guards: undefined });
    // @ts-expect-error there is no such option
    expect(() => new SecurityChain({ requirement: anonymous(), guard: [] })).toThrow(/did you mean guards/);
  });

  test('operations come from routes and from contracts', () => {
    expectTypeOf(routes).returns.toEqualTypeOf<RouteTable>();
    expectTypeOf(openApi).returns.resolves.toEqualTypeOf<RouteTable>();
    expectTypeOf<RouteTable>().toExtend<SecurityChainOptions['operations']>();
    expectTypeOf<OpenApiOptions['schemes']>().toEqualTypeOf<Readonly<Record<string, Requirement>>>();
    expect(routes([route('GET', '/a')]).operations).toHaveLength(1);
  });
});
