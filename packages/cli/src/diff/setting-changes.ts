import { memberPath } from '@sallyport/core/extend';
import type { Change, Effect } from './change.js';
import type { Enforced } from './enforced.js';

/**
 * Options of a chain that let nobody in who was not, and keep nobody out. What is left of a contract is of that kind: the rest is
 * compiled.
 */
const HARMLESS = /^chain\.(?:name|deadlineMs|maxBodyBytes|requestId|resource|contract)(?:$|[.[])/;
/** Switches that weaken, by their names. */
const WEAKENING = /(?:^|\.)(?:allow|dangerously)[A-Z]\w*$/;

/** The differences of guards, handlers and all else that is compared as data. No value is told. */
export function settingChanges(old: Enforced, latest: Enforced): readonly Change[] {
  const names = new Set([...Object.keys(old.handlers), ...Object.keys(latest.handlers)]);
  return [
    ...guardChanges(old.guards, latest.guards),
    ...[...names].flatMap((name, index) =>
      handlerChanges(memberPath('handlers', name, index), old.handlers[name], latest.handlers[name]),
    ),
    ...leafChanges(old.settings, latest.settings, ''),
  ];
}

function guardChanges(old: Enforced['guards'], latest: Enforced['guards']): readonly Change[] {
  const missing = (some: Enforced['guards'], others: Enforced['guards']) =>
    [...some].flatMap(([data, text]) => (others.has(data) ? [] : [text]));
  return [
    ...missing(old, latest).map((text) => change('opens', 'chain.guards', text, undefined)),
    ...missing(latest, old).map((text) => change('closes', 'chain.guards', undefined, text)),
  ];
}

function handlerChanges(place: string, was: unknown, is: unknown): readonly Change[] {
  if (was === undefined) return [change('adds', place)];
  if (is === undefined) return [change('removes', place)];
  return leafChanges(was, is, place);
}

/** A value that is no object or list is a leaf. So is a list or object where the other side has something else. */
function leafChanges(was: unknown, is: unknown, place: string): readonly Change[] {
  if (JSON.stringify(was) === JSON.stringify(is)) return [];
  if (!isHolder(was) || !isHolder(is) || Array.isArray(was) !== Array.isArray(is))
    return [change(effectOf(place, was, is), place)];
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  return names.flatMap((name, index) =>
    leafChanges(was[name], is[name], placeOf(place, name, index, Array.isArray(is))),
  );
}

function isHolder(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function placeOf(place: string, name: string, index: number, isInList: boolean): string {
  if (isInList) return `${place}[${name}]`;
  return place === '' ? name : memberPath(place, name, index);
}

/** What cannot be judged may open. */
function effectOf(place: string, was: unknown, is: unknown): Effect {
  if (HARMLESS.test(place)) return 'changes';
  if (place === 'chain.maxVerdictAgeSeconds') return ageOf(is) < ageOf(was) ? 'closes' : 'opens';
  if (!WEAKENING.test(place)) return 'may open';
  if (is === true) return 'opens';
  return was === true ? 'closes' : 'may open';
}

/** Without the option, or by a reference, a verdict may be of any age. */
function ageOf(value: unknown): number {
  return typeof value === 'number' ? value : Number.POSITIVE_INFINITY;
}

function change(effect: Effect, what: string, before?: string, after?: string): Change {
  return { effect, what, before, after };
}
