import type { DecisionEvent, Explanation } from '@sallyport/core';
import type { Paint } from '../terminal/colours.js';
import { jsonText } from '../terminal/json-text.js';
import { printable } from '../terminal/printable.js';

/** What a decision says, in lines. */
export function explanationText({ decision, event, fix }: Explanation, paint: Paint): string {
  const headline = decision.kind === 'granted' ? paint('green', 'granted') : paint('red', `denied ${decision.status}`);
  const lines = [
    ...operationLines(event),
    ...event.steps.map(({ handler, verdict, reason, detail }) =>
      fact(`handler ${handler}`, [[verdict, reason].filter(Boolean).join(' '), detail].filter(Boolean).join(': ')),
    ),
    ...event.unclaimed.map(({ handler, detail }) => fact(`handler ${handler}`, `leaves it: ${detail}`)),
    ...refusalLines(event),
    ...callerLines({ decision, event }),
    ...decision.headers.map(([name, value]) => fact('answer', `${name}: ${value}`)),
    ...(fix === undefined ? [] : [fact('to change', fix)]),
  ];
  const reason = event.reason === undefined ? '' : ` ${event.reason}`;
  const by = event.refusedBy === undefined ? '' : ` by ${event.refusedBy}`;
  return `${headline}${printable(`${reason}${by}`)}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

function fact(name: string, text: string): string {
  return printable(`${name}: ${text}`);
}

function operationLines({ operation, route, method }: DecisionEvent): readonly string[] {
  if (route === undefined) return [];
  const place = `${method} ${route}`;
  return [fact('operation', operation === undefined || operation === place ? place : `${operation} (${place})`)];
}

function refusalLines({ detail, steps, missing, fault, correlationId }: DecisionEvent): readonly string[] {
  const isTold = steps.some((step) => step.detail === detail);
  return [
    ...(detail === undefined || isTold ? [] : [fact('why', detail)]),
    ...(missing === undefined
      ? []
      : [fact('missing', `${missing.match === 'any' ? 'one' : 'all'} of the scopes ${missing.scopes.join(' ')}`)]),
    ...(fault === undefined
      ? []
      : [fact('bug', `${fault.culprit}: ${fault.name} ${fault.code ?? ''} ${fault.message}`)]),
    ...(correlationId === undefined ? [] : [fact('correlation id', correlationId)]),
  ];
}

function callerLines({ decision, event }: Pick<Explanation, 'decision' | 'event'>): readonly string[] {
  const { principal } = event;
  if (principal === undefined) return [];
  if (principal.kind === 'anonymous') return [fact('caller', 'anonymous')];
  const { kind, subject, issuer, clientId } = principal;
  const of = issuer === undefined ? '' : ` of ${issuer}`;
  const by = clientId === undefined ? '' : `, client ${clientId}`;
  const { scopes = [], roles = [] } = decision.kind === 'granted' ? decision.principal : {};
  return [
    fact('caller', `${kind} ${subject}${of}${by}`),
    ...(scopes.length === 0 ? [] : [fact('scopes', scopes.join(' '))]),
    ...(roles.length === 0 ? [] : [fact('roles', roles.join(' '))]),
  ];
}

/** The same as data. */
export function explanationJson({ decision, event, fix }: Explanation): string {
  const { steps, durationMs: _duration, ...facts } = event;
  const told = {
    ...facts,
    steps: steps.map(({ handler, verdict, reason, detail }) => ({ handler, verdict, reason, detail })),
    headers: decision.headers,
    fix,
  };
  return jsonText(told);
}
