import {
  allOf,
  anonymous,
  anyOf,
  attempt,
  authenticated,
  challenged,
  createPrincipal,
  type Decision,
  denied,
  forbidden,
  limited,
  malformed,
  optional,
  type Requirement,
  SecurityChain,
  type SecurityHandler,
  unavailable,
  type Verdict,
} from '@sallyport/core';
import {
  basicChallenge,
  bearerChallenge,
  type Challenge,
  type CredentialSource,
  challenge,
  type Eventually,
  SecurityRequest,
} from '@sallyport/core/extend';
import { mapHandlers } from './random-worlds.js';
import type { Judgement, Sentence } from './requirement-oracle.js';
import { HANDLER_NAMES, type HandlerName, type Tree, type World } from './world.js';

interface Trait {
  readonly challenge: Challenge;
  readonly source: CredentialSource;
  isMine(request: SecurityRequest): boolean;
}

const sends = (header: string) => (request: SecurityRequest) => request.header(header) === 'it';
const authorizes = (scheme: string, value?: string) => (request: SecurityRequest) => {
  const { authorization } = request;
  if (authorization.kind !== 'credentials' || authorization.scheme !== scheme) return false;
  return value === undefined || authorization.value === value;
};

const TRAITS: Readonly<Record<HandlerName, Trait>> = {
  jwt: {
    challenge: bearerChallenge('random'),
    source: { at: 'authorization:bearer', selective: true },
    isMine: authorizes('bearer', 'jwt'),
  },
  opaque: {
    challenge: bearerChallenge('random'),
    source: { at: 'authorization:bearer', fallback: true },
    isMine: authorizes('bearer'),
  },
  basic: {
    challenge: basicChallenge('random'),
    source: { at: 'authorization:basic' },
    isMine: authorizes('basic'),
  },
  key: { challenge: challenge('Key'), source: { at: 'header:x-key' }, isMine: sends('x-key') },
  signature: {
    challenge: challenge('Signature'),
    source: { at: 'header:x-signature' },
    isMine: sends('x-signature'),
  },
  session: { challenge: challenge('Session'), source: { at: 'cookie:session' }, isMine: sends('x-session') },
  certificate: {
    challenge: challenge('Certificate'),
    source: { at: 'tls:certificate' },
    isMine: sends('x-certificate'),
  },
};

/** A tree and a world, played by a real chain with real handlers. */
export interface Enactment {
  readonly decision: Eventually<Decision>;
  readonly asked: readonly HandlerName[];
}

export function enact(tree: Tree, world: World): Enactment {
  const stage = new Stage(world);
  const chain = new SecurityChain({ requirement: stage.requirementOf(tree) });
  return { decision: chain.decide(requestOf(world)), asked: stage.asked };
}

/** Handlers that do as the world of the moment says, which may be replaced between decisions. */
export class Stage {
  world: World;
  readonly asked: HandlerName[] = [];
  readonly #handlers = mapHandlers((name) => actor(name, this));

  constructor(world: World) {
    this.world = world;
  }

  requirementOf(tree: Tree): Requirement {
    return requirementOf(tree, this.#handlers);
  }
}

/** The same, told in the oracle's words. */
export async function enacted(tree: Tree, world: World): Promise<Sentence> {
  const { decision, asked } = enact(tree, world);
  return { judgement: judgementOf(await decision), asked };
}

export function judgementOf(decision: Decision): Judgement {
  if (decision.kind === 'denied') return { refused: decision.reason };
  const proofs = new Set(decision.principal.via.map(({ handler }) => handler));
  return {
    granted: HANDLER_NAMES.filter((name) => proofs.has(name)),
    attempted: decision.attempted?.reason,
  };
}

function actor(name: HandlerName, stage: Stage): SecurityHandler {
  const { challenge, source, isMine } = TRAITS[name];
  return {
    name,
    challenges: [challenge],
    source,
    extract: (request) => {
      if (!isMine(request)) return undefined;
      const { kind, reason } = stage.world.rulings[name];
      return kind === 'unreadable' ? malformed(reason) : 'credential';
    },
    verify: () => {
      stage.asked.push(name);
      return spoken(name, stage.world) as Verdict | Promise<Verdict>;
    },
  };
}

function spoken(name: HandlerName, world: World): unknown {
  const latency = world.latencies[name];
  if (latency === 'at once') return verdictOf(name, world);
  if (latency === 'settled') return (async () => verdictOf(name, world))();
  return (async () => {
    for (let hop = 0; hop < latency; hop += 1) await undefined;
    return verdictOf(name, world);
  })();
}

function verdictOf(name: HandlerName, { rulings, subjects, scopes }: World): unknown {
  const { kind, reason } = rulings[name];
  const principal = () => createPrincipal({ issuer: 'the issuer', subject: subjects[name], scopes: scopes?.[name] });
  switch (kind) {
    case 'authenticated':
      return authenticated(principal());
    case 'denied':
      return denied(reason);
    case 'malformed':
      return malformed(reason);
    case 'forbidden':
      return forbidden(reason);
    case 'challenged':
      return challenged({ error: reason });
    case 'limited':
      return limited({ retryAfterSeconds: 7 });
    case 'unavailable':
      return unavailable(reason);
    case 'garbage':
      return { kind: 'authenticated', principal: principal(), headers: [] };
    default:
      throw new Error('a bug');
  }
}

function requirementOf(tree: Tree, handlers: Readonly<Record<HandlerName, SecurityHandler>>): Requirement {
  const below = (member: Tree) => requirementOf(member, handlers);
  switch (tree.is) {
    case 'handler':
      return handlers[tree.name];
    case 'anonymous':
      return anonymous();
    case 'optional':
      return optional(below(tree.of));
    case 'attempt':
      return attempt(below(tree.of));
    case 'anyOf':
      return anyOf(...tree.of.map(below));
    case 'allOf':
      return allOf(tree.of.map(below), { sameParty: tree.sameParty });
  }
}

const STRANGE_COOKIE = ['Cookie', 'session=strange'];

export function requestOf({ authorization, sent, strange }: World, target = '/'): SecurityRequest {
  const own = sent.filter((name) => !strange.some((each) => each === name));
  const rawHeaders = own.flatMap((name) => [`X-${name}`, 'it']);
  for (const name of strange) rawHeaders.push(...(name === 'session' ? STRANGE_COOKIE : [`X-${name}`, 'strange']));
  if (authorization !== undefined) rawHeaders.push('Authorization', authorization);
  return new SecurityRequest({ method: 'GET', target, rawHeaders });
}
