import { setTimeout as sleep } from 'node:timers/promises';
import { SecurityChain } from '../../../chain/chain.js';
import type { Decider } from '../../../decision/decider.js';
import { expectRule } from '../rule.js';
import { expectAnswer, mounted, type Subject, sending } from './adapter-under-test.js';
import { ruleKeys } from './rule-keys.js';
import { RuleTokens } from './rule-tokens.js';
import type { Wire } from './wire.js';

const POLLS = 400;
const POLL_MS = 5;

async function comesTrue(isSo: () => boolean): Promise<boolean> {
  for (let poll = 0; poll < POLLS && !isSo(); poll += 1) await sleep(POLL_MS);
  return isSo();
}

export async function endsWithItsClient(subject: Subject): Promise<void> {
  await mounted(subject, async ({ connect, ask, tokens }) => {
    const wire = await connect();
    const unanswered = wire.ask({ lines: sending('held.alice') }).catch(() => undefined);
    expectRule(await comesTrue(() => tokens.held.length === 1), 'the chain was not asked');
    wire.close();
    const isTold = await comesTrue(() => tokens.aborted === 1);
    tokens.held[0]?.();
    await unanswered;
    expectRule(isTold, 'the decision was not told that its client has gone');
    expectAnswer(await ask({ lines: sending('later.bob') }), 200, 'GET by bob', 'the next client');
  });
}

export async function servesOnAfterRefusals(subject: Subject): Promise<void> {
  await mounted(subject, async ({ connect }) => {
    const wire = await connect();
    try {
      const body = `GET / HTTP/1.1\r\nHost: localhost\r\n${sending('now.mallory')}\r\n\r\n`;
      const { status } = await wire.ask({ method: 'POST', body });
      expectRule(status === 401, `a request with a body and no credentials got ${status}, not 401`);
      const next = await wire.ask({ lines: sending('later.bob') });
      expectAnswer(next, 200, 'GET by bob', 'the next request of a connection');
    } finally {
      wire.close();
    }
  });
}

const CONNECTIONS = 20;
const PER_CONNECTION = 20;

export async function keepsRequestsApart(subject: Subject): Promise<void> {
  await mounted(subject, async ({ connect }) => {
    const wires = Array.from({ length: CONNECTIONS }, connect);
    await Promise.all(wires.map(async (wire, number) => visit(await wire, number)));
  });
}

async function visit(wire: Wire, number: number): Promise<void> {
  try {
    const visits = Array.from({ length: PER_CONNECTION }, async (_, index) => {
      const name = `u${number + index * 7}`;
      const when = index % 3 === 0 ? 'now' : 'later';
      expectAnswer(await wire.ask({ lines: sending(`${when}.${name}`) }), 200, `GET by ${name}`, 'one of many');
    });
    await Promise.all(visits);
  } finally {
    wire.close();
  }
}

const CODE = 'ERR_SALLYPORT_OPTION_INVALID';

export async function takesDecidersOnly({ open }: Subject): Promise<void> {
  const chain = new SecurityChain({ requirement: new RuleTokens() });
  for (const [what, value] of [
    ['a promise of a chain', Promise.resolve(chain)],
    ['nothing', undefined],
  ] as const) {
    let came = 'it was taken for a chain';
    try {
      const server = await open(value as unknown as Decider, {}, ruleKeys());
      await server.close();
    } catch (error) {
      if ((error as { code?: unknown }).code === CODE) continue;
      came = `it failed with ${String(error)}`;
    }
    expectRule(false, `${what}: ${came}, and was not refused with ${CODE}`);
  }
}
