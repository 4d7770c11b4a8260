import { isOpen, type OperationNeeds, type StepUp, scopesText, verdictAgeText, type Way } from '../contract/needs.js';
import type { Change, Effect } from './change.js';
import type { Enforced } from './enforced.js';
import { areImplied } from './implied.js';

/** What callers need of one kind of request. */
type Needs = Pick<OperationNeeds, 'ways' | 'guards' | 'limits' | 'stepUps' | 'maxVerdictAgeSeconds'>;

/** The differences of what operations need, and all requests that belong to none. */
export function operationChanges(old: Enforced, latest: Enforced): readonly Change[] {
  const [before, after] = [byPath(old), byPath(latest)];
  const paths = new Set([...before.keys(), ...after.keys()]);
  const changes = [...paths].flatMap((path) => {
    const [was, is] = [before.get(path), after.get(path)];
    const { id, method, template } = (is ?? was) as OperationNeeds;
    const place = `${method} ${template}`;
    return changeOf(id === place ? place : `${id} (${place})`, was ?? othersOf(old), is ?? othersOf(latest));
  });
  return [...changes, ...changeOf('requests of no operation', othersOf(old), othersOf(latest))];
}

/** The names of parameters do not matter. */
function byPath({ operations }: Enforced): ReadonlyMap<string, OperationNeeds> {
  return new Map(operations.map((each) => [`${each.method} ${each.template.replaceAll(/\{[^}]*\}/g, '{}')}`, each]));
}

function othersOf({ others }: Enforced): Needs | undefined {
  return others && { ways: others, guards: [], limits: [], stepUps: [], maxVerdictAgeSeconds: undefined };
}

/** `undefined` are requests that are refused whoever sends them. */
function changeOf(what: string, was: Needs | undefined, is: Needs | undefined): readonly Change[] {
  const effect = effectOf(was, is);
  if (effect === undefined) return [];
  return [{ effect, what, before: was && needsText(was), after: is && needsText(is) }];
}

function effectOf(was: Needs | undefined, is: Needs | undefined): Effect | undefined {
  if (is === undefined) return was === undefined ? undefined : 'removes';
  if (isOpenToAll(is) && (was === undefined || !isOpenToAll(was))) return 'opens to everybody';
  if (was === undefined) return 'adds';
  const [lost, added] = [limitsBeyond(was, is), limitsBeyond(is, was)];
  if (!areImplied(is.ways, was.ways) || !areChecked(was, is) || lost > added) return 'opens';
  if (!areImplied(was.ways, is.ways) || !areChecked(is, was) || lost < added) return 'closes';
  return lost > 0 || (isOpen(is) && !haveSameWays(was, is)) ? 'changes' : undefined;
}

/** How many limits the other one lacks. One limit in the place of another lets nobody in who was not. */
function limitsBeyond({ limits }: Needs, other: Needs): number {
  return limits.filter((limit) => !other.limits.includes(limit)).length;
}

/** Whether whom the checks of `other` let pass is let pass by those of `needs`, too, limits aside. Says no where that cannot be told. */
function areChecked(needs: Needs, other: Needs): boolean {
  const age = ({ maxVerdictAgeSeconds }: Needs) => maxVerdictAgeSeconds ?? Number.POSITIVE_INFINITY;
  const stepUpOf = (guard: string) => needs.stepUps.find((stepUp) => stepUp.guard === guard);
  const isChecked = (guard: string) => {
    if (needs.limits.includes(guard)) return true;
    const stepUp = stepUpOf(guard);
    return stepUp === undefined
      ? other.guards.includes(guard)
      : other.stepUps.some((stronger) => isAsStrong(stronger, stepUp));
  };
  return age(other) <= age(needs) && needs.guards.every(isChecked);
}

function isAsStrong(stronger: StepUp, { acrValues, maxAgeSeconds = Number.POSITIVE_INFINITY }: StepUp): boolean {
  const isOfClass = acrValues === undefined || stronger.acrValues?.every((value) => acrValues.includes(value)) === true;
  return isOfClass && (stronger.maxAgeSeconds ?? Number.POSITIVE_INFINITY) <= maxAgeSeconds;
}

/** Where everybody is let in, the other ways still decide who is known, and whose bad credential is refused. */
function haveSameWays(was: Needs, is: Needs): boolean {
  const textOf = ({ ways }: Needs) => ways.map(wayText).toSorted().join('\n');
  return textOf(was) === textOf(is);
}

/** A guard may refuse those who are let in without a proof. */
function isOpenToAll(needs: Needs): boolean {
  return isOpen(needs) && needs.guards.length === 0;
}

/** `oauth (orders:read) or key`. */
function needsText(needs: Needs): string {
  const text = needs.ways.map(wayText).join(' or ') || 'nothing that anybody has';
  const age = verdictAgeText(needs);
  return [`${text}${age === '' ? '' : `, ${age}`}`, ...needs.guards].join(', then ');
}

function wayText(way: Way): string {
  if (way.proofs.length === 0) return 'nothing';
  const proofs = way.proofs.map((proof) => {
    const scopes = scopesText(way, proof);
    return scopes === '' ? proof : `${proof} (${scopes})`;
  });
  return `${proofs.join(' and ')}${way.sameParty ? ' of one party' : ''}`;
}
