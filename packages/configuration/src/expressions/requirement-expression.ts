import type { Requirement, SecurityHandler } from '@sallyport/core';
import { OPERATORS, type OperatorWord, option, ownMembers } from '@sallyport/core/extend';

/** Finds a handler by its name. `place` is where the name stands, for errors. */
export type HandlerFinder = (name: string, place: string) => SecurityHandler;

/** A requirement of a configuration. `handlers` finds the handlers that it names. */
export type RequirementExpression = (handlers: HandlerFinder) => Requirement;

const WORDS = OPERATORS.map(({ word }) => word);
/** The word of the operator that has an option, by the name of the option. */
const WORD_OF_OPTION = new Map(
  OPERATORS.flatMap(({ word, options = {} }) => Object.keys(options).map((each) => [each, word])),
);

const MEMBER: option.Schema = { $ref: '#/$defs/requirement' };
const MEMBER_SCHEMAS: Readonly<Record<OperatorWord['takes'], option.Schema>> = {
  nothing: { const: true },
  one: MEMBER,
  several: { type: 'array', items: MEMBER, minItems: 1 },
};

/**
 * A requirement as data: the name of a handler, or an object with one operator, such as
 * `{ anyOf: [basic, { allOf: [token, badge], sameParty: true }] }` or `{ anonymous: true }`.
 */
export const requirementExpression: option.Check<RequirementExpression, unknown> = option.withSchema(
  MEMBER,
  (value, name) => compiledRequirement(value, name),
);

function compiledRequirement(value: unknown, name: string): RequirementExpression {
  if (typeof value === 'string') {
    const handler = option.text(value, name);
    return (handlers) => handlers(handler, name);
  }
  const given = ownMembers(option.plainObject(value, name)) as Record<string, unknown>;
  const [word, ...others] = Object.keys(given).filter((each) => !WORD_OF_OPTION.has(each));
  const operator = OPERATORS.find((each) => each.word === word);
  if (operator === undefined || others.length > 0) {
    const hint = word === undefined || operator !== undefined ? '' : option.nearestHint(word, WORDS);
    throw option.invalid(name, `must be the name of a handler or have exactly one of ${WORDS.join(', ')}${hint}`);
  }
  for (const [each, owner] of WORD_OF_OPTION) {
    if (given[each] !== undefined && owner !== operator.word) {
      throw option.invalid(`${name}.${each}`, `goes with ${owner} only`);
    }
  }
  return compiled(operator, given, `${name}.${operator.word}`);
}

/** The requirement as JSON Schema: what `$defs/requirement` is. */
export const REQUIREMENT_SCHEMA: option.Schema = {
  title: 'Requirement',
  anyOf: [
    { description: 'The name of a handler.', type: 'string', minLength: 1 },
    ...OPERATORS.map(({ word, takes, options = {} }) => ({
      type: 'object' as const,
      properties: {
        [word]: MEMBER_SCHEMAS[takes],
        ...Object.fromEntries(Object.entries(options).map(([name, { schema = {} }]) => [name, schema])),
      },
      required: [word],
      additionalProperties: false,
    })),
  ],
};

function compiled(operator: OperatorWord, given: Record<string, unknown>, name: string): RequirementExpression {
  const members = membersOf(operator, given[operator.word], name);
  const checks = Object.entries(operator.options ?? {});
  const options = Object.fromEntries(checks.map(([each, check]) => [each, check(given[each], `${name}.${each}`)]));
  return (handlers) =>
    operator.make(
      members.map((member) => member(handlers)),
      options,
    );
}

function membersOf({ takes }: OperatorWord, value: unknown, name: string): readonly RequirementExpression[] {
  if (takes === 'nothing') {
    if (value !== true) throw option.invalid(name, 'must be true');
    return [];
  }
  if (takes === 'one') return [requirementExpression(value, name)];
  const members = option.listOf(requirementExpression)(value, name);
  if (members.length === 0) throw option.invalid(name, 'must not be empty');
  return members;
}
