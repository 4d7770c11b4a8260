import type { Actor } from '../principal/actor.js';
import type { LimitUse } from '../request/limit-uses.js';
import type { TraceStep } from '../request/trace.js';
import { oneLine, quoted } from '../secrecy/quoted.js';
import type { DecisionEvent, PrincipalSummary } from './decision-events.js';
import { faultFacts } from './problem-of.js';

const MAX_NAME = 120;

/**
 * A decision in one printable line, as `NODE_DEBUG=sallyport` writes it: what was asked and decided, what every handler
 * said, who called, and what to change. `path` is told only where there is neither operation nor route.
 */
export function decisionLine(event: DecisionEvent, { path, fix }: { path: string; fix: string | undefined }): string {
  const { chain, missing, fault, principal, requestId, correlationId, durationMs } = event;
  const facts = [
    headline(event, path),
    ...event.steps.map(stepFacts),
    ...event.unclaimed.map(({ handler, detail }) => `${handler} leaves it: ${detail}`),
    ...event.limits.filter(({ refused }) => !refused).map(limitFacts),
    ...ownDetail(event),
    ...(missing === undefined
      ? []
      : [`missing ${missing.match === 'any' ? 'one' : 'all'} of ${quoted(missing.scopes)}`]),
    ...(fault === undefined ? [] : [faultFacts(fault)]),
    ...(principal === undefined ? [] : [callerFacts(principal)]),
    ...(requestId === undefined ? [] : [`request ${requestId}`]),
    ...(correlationId === undefined ? [] : [`correlationId ${correlationId}`]),
    `chain ${chain}`,
    `${Math.round(durationMs)} ms`,
  ];
  const advice = fix === undefined ? '' : `. To change: ${fix}`;
  return oneLine(`${facts.join('; ')}${advice}`, Number.POSITIVE_INFINITY);
}

function headline({ method, operation, route, guard, status, reason, refusedBy }: DecisionEvent, path: string): string {
  const place = operation ?? route ?? oneLine(path, MAX_NAME);
  // The id of an operation is its method and template where it has no other.
  const asked = place.startsWith(`${method} `) ? place : `${oneLine(method, MAX_NAME)} ${place}`;
  const check = guard === undefined ? '' : ` (${guard})`;
  const ignored = reason === undefined ? '' : `, ${reason} ignored by attempt`;
  if (status === undefined) return `${asked}${check} granted${ignored}`;
  return `${asked}${check} denied ${status} ${reason}${refusedBy === undefined ? '' : ` by ${refusedBy}`}`;
}

function stepFacts({ handler, verdict, reason, detail, cache }: TraceStep): string {
  const told = [verdict, reason, cache === undefined ? undefined : `cache ${cache}`].filter(Boolean).join(', ');
  return `${handler}: ${told}${detail === undefined ? '' : ` (${detail})`}`;
}

function limitFacts({ limit, by, used, most, isLocal }: LimitUse): string {
  return `limit ${limit}: ${used} of ${most} by ${by}${isLocal ? ' in this process alone' : ''}`;
}

/** What a guard says. What handlers say stands with their steps. */
function ownDetail({ detail, reason, steps }: DecisionEvent): readonly string[] {
  const isTold = steps.some((step) => step.detail === detail && step.reason === reason);
  return detail === undefined || isTold ? [] : [detail];
}

/** All of it may come from a token. */
function callerFacts({ kind, issuer, subject, clientId, actor }: PrincipalSummary): string {
  if (kind === 'anonymous') return 'caller: anonymous';
  const by = clientId === undefined ? '' : `, client ${quoted(clientId)}`;
  return `caller: ${kind} ${partyFacts({ subject, issuer })}${by}${actor === undefined ? '' : actorFacts(actor)}`;
}

function partyFacts({ subject, issuer }: Pick<Actor, 'subject' | 'issuer'>): string {
  return `${quoted(subject)}${issuer === undefined ? '' : ` of ${quoted(issuer)}`}`;
}

/** Who acts now, and then who acted before. */
function actorFacts(actor: Actor): string {
  const { actor: before } = actor;
  return `, for whom acts ${partyFacts(actor)}${before === undefined ? '' : actorFacts(before).replace(', for whom acts', ', before that')}`;
}
