import {
  type Decision,
  type DeniedDecision,
  type Explanation,
  type GrantedDecision,
  SecurityChain,
} from '@sallyport/core';
import { SecurityRequest } from '@sallyport/core/extend';
import { ManualClock } from '@sallyport/core/testing';
import {
  type Account,
  BasicHandler,
  type BasicHandlerCollaborators,
  type BasicHandlerOptions,
  type HashingOptions,
  hashPassword,
  InMemoryUserStore,
  type UserStore,
} from '@sallyport/handlers/basic';

/** The cheapest hashes that the handler makes: tests hash often. */
export const CHEAP: HashingOptions = { algorithm: 'argon2id', memoryKiB: 8_192, passes: 1 };

export async function accountOf(name: string, password: string, more: Partial<Account> = {}): Promise<Account> {
  return { name, hash: await hashPassword(password, CHEAP), ...more };
}

export function basic(userName: string, password: string): string {
  return `Basic ${Buffer.from(`${userName}:${password}`).toString('base64')}`;
}

export function requestWith(authorization: string | undefined, remoteAddress?: string): SecurityRequest {
  const rawHeaders = authorization === undefined ? [] : ['Authorization', authorization];
  return new SecurityRequest({ method: 'GET', target: '/', rawHeaders, remoteAddress });
}

export function granted(decision: Decision): GrantedDecision {
  if (decision.kind !== 'granted') throw new Error(`refused: ${decision.status} ${decision.reason}`);
  return decision;
}

export function denied(decision: Decision): DeniedDecision {
  if (decision.kind !== 'denied') throw new Error('granted');
  return decision;
}

export function headerOf(decision: Decision, name: string): string | undefined {
  return decision.headers.find(([candidate]) => candidate === name)?.[1];
}

/** A handler in a chain, on a clock that stands still. */
export class BasicUnderTest {
  readonly clock: ManualClock;
  readonly handler: BasicHandler;
  readonly chain: SecurityChain;

  constructor(
    users: UserStore,
    options: Partial<BasicHandlerOptions> = {},
    collaborators: BasicHandlerCollaborators = {},
    clock: ManualClock = new ManualClock(),
  ) {
    this.clock = clock;
    const settings = { realm: 'test', users, hashing: CHEAP, ...options };
    this.handler = new BasicHandler(settings, { clock: this.clock, ...collaborators });
    this.chain = new SecurityChain({ requirement: this.handler }, { clock: this.clock, random: () => 0 });
  }

  static async with(
    accounts: readonly (readonly [name: string, password: string, more?: Partial<Account>])[],
    options: Partial<BasicHandlerOptions> = {},
    collaborators: BasicHandlerCollaborators = {},
  ): Promise<BasicUnderTest> {
    const made = await Promise.all(accounts.map(([name, password, more]) => accountOf(name, password, more)));
    return new BasicUnderTest(new InMemoryUserStore(made), options, collaborators);
  }

  async ask(userName: string, password: string, address = '192.0.2.1'): Promise<Decision> {
    return this.chain.decide(requestWith(basic(userName, password), address));
  }

  explain(userName: string, password: string, address = '192.0.2.1'): Promise<Explanation> {
    return this.chain.explain(requestWith(basic(userName, password), address));
  }

  /** 200 when granted. */
  async status(userName: string, password: string, address?: string): Promise<number> {
    const decision = await this.ask(userName, password, address);
    return decision.kind === 'granted' ? 200 : decision.status;
  }
}
