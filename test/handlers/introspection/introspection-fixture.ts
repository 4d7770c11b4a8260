import { type Decision, SecurityChain } from '@sallyport/core';
import { type Answer, ask, buildRequest, ManualClock } from '@sallyport/core/testing';
import {
  IntrospectionHandler,
  type IntrospectionHandlerCollaborators,
  type IntrospectionHandlerOptions,
} from '@sallyport/handlers/introspection';

export const CLIENT = { method: 'client_secret_basic', clientId: 'gateway', clientSecret: 'clever secret' } as const;

/** A handler in a chain, on a clock that stands still. */
export class IntrospectionUnderTest {
  readonly clock: ManualClock;
  readonly handler: IntrospectionHandler;
  readonly chain: SecurityChain;

  constructor(
    options: Partial<IntrospectionHandlerOptions>,
    collaborators: IntrospectionHandlerCollaborators & { readonly clock?: ManualClock } = {},
  ) {
    this.clock = collaborators.clock ?? new ManualClock();
    const outbound = { allowInsecureLoopback: true, ...options.outbound };
    this.handler = new IntrospectionHandler(
      { realm: 'test', clientAuthentication: CLIENT, ...options, outbound },
      { ...collaborators, clock: this.clock },
    );
    this.chain = new SecurityChain({ requirement: this.handler }, { clock: this.clock, random: () => 0 });
  }

  /** Seconds since the epoch. */
  get now(): number {
    return this.clock.now() / 1_000;
  }

  ask(token = 'token'): Promise<Answer> {
    return ask(this.chain, 'GET /orders', { bearer: token });
  }

  /** 200 when granted. */
  async status(token?: string): Promise<number> {
    return (await this.ask(token)).status;
  }

  /** Status and reason code in one text, for tables of rules. */
  async outcome(token?: string): Promise<string> {
    const { status, reason } = await this.ask(token);
    return reason === undefined ? `${status}` : `${status} ${reason}`;
  }

  decide(token = 'token'): Decision | Promise<Decision> {
    return this.chain.decide(buildRequest('GET /orders', { bearer: token }));
  }

  close(): Promise<void> {
    return this.chain.close();
  }
}
