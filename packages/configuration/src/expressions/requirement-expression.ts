import { allOf, anonymous, anyOf, attempt, optional, type Requirement } from '@sallyport/core';
import { type HandlerLookup, option, ownMembers } from '@sallyport/core/extend';

/** A requirement of a configuration. `handlers` finds the handlers that it names. */
export type RequirementExpression = (handlers: HandlerLookup) => Requirement;

const OPERATORS = ['anyOf', 'allOf', 'optional', 'attempt', 'anonymous'] as const;

/**
 * A requirement as data: the name of a handler, or an object with one operator, such as
 * `{ anyOf: [basic, { allOf: [token, badge], sameParty: true }] }` or `{ anonymous: true }`.
 */
export const requirementExpression: option.Check<RequirementExpression> = (value, name) => {
  if (typeof value === 'string') {
    const handler = option.text(value, name);
    return (handlers) => handlers(handler);
  }
  const { sameParty, ...rest }: { sameParty?: unknown } = ownMembers(option.plainObject(value, name));
  const [operator, ...others] = Object.keys(rest);
  const known = OPERATORS.find((each) => each === operator);
  if (known === undefined || others.length > 0) {
    const hint = operator === undefined || known !== undefined ? '' : option.nearestHint(operator, OPERATORS);
    throw option.invalid(name, `must be the name of a handler or have exactly one of ${OPERATORS.join(', ')}${hint}`);
  }
  if (sameParty !== undefined && known !== 'allOf') throw option.invalid(`${name}.sameParty`, 'goes with allOf only');
  return compiled(known, Reflect.get(rest, known), `${name}.${known}`, sameParty);
};

function compiled(
  operator: (typeof OPERATORS)[number],
  value: unknown,
  name: string,
  sameParty: unknown,
): RequirementExpression {
  if (operator === 'anonymous') {
    if (value !== true) throw option.invalid(name, 'must be true');
    return () => anonymous();
  }
  if (operator === 'optional' || operator === 'attempt') {
    const member = requirementExpression(value, name);
    const make = operator === 'optional' ? optional : attempt;
    return (handlers) => make(member(handlers));
  }
  const members = option.listOf(requirementExpression)(value, name);
  if (members.length === 0) throw option.invalid(name, 'must not be empty');
  if (operator === 'anyOf') return (handlers) => anyOf(...members.map((member) => member(handlers)));
  const together = sameParty === undefined ? false : option.flag(sameParty, `${name}.sameParty`);
  return (handlers) =>
    allOf(
      members.map((member) => member(handlers)),
      { sameParty: together },
    );
}
