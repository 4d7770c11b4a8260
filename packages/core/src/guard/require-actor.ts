import * as option from '../options/options.js';
import { type Principal, proofsOf } from '../principal/principal.js';
import { quoted } from '../secrecy/quoted.js';
import { forbidden } from '../verdict/verdict.js';
import { type Guard, guard, PERMITTED } from './guard.js';
import { checkedNames } from './required-names.js';

export const ACTOR = option.table('ActorOptions', {
  /** The issuer of the actor. Default: the issuer of the token. */
  issuer: option.optional(option.text),
  /** Whether a caller for whom nobody acts is let pass, too. */
  allowNone: option.withDefault(option.flag, false),
});

export interface ActorOptions extends option.Given<typeof ACTOR> {}

export const actorOptions: option.Table<option.Kept<typeof ACTOR>, ActorOptions> = ACTOR;

/**
 * Requires that one of these parties acts for the subject of the token (RFC 8693 4.1): by the subject of its outermost
 * `act`, compared exactly. Who acted before decides nothing. Otherwise 403. If several proofs make the caller, the actor
 * of each that has one must be among them.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const guards = [requireActor('https://support.example', { allowNone: true })];
 */
export function requireActor(subjects: string | readonly string[], options: ActorOptions = {}): Guard<never> {
  const accepted = checkedNames('requireActor', typeof subjects === 'string' ? [subjects] : subjects);
  const { issuer, allowNone } = ACTOR(options);
  const isAccepted = ({ actor, issuer: own }: Principal) =>
    actor !== undefined && accepted.includes(actor.subject) && (actor.issuer ?? own) === (issuer ?? own);
  const expected = `expected ${quoted(accepted.length === 1 ? accepted[0] : accepted)}${issuer === undefined ? '' : ` of ${quoted(issuer)}`}`;
  return guard(`requireActor(${accepted.join(' | ')})`, (principal) => {
    const refused =
      principal.via.length < 2
        ? !isAccepted(principal)
        : !proofsOf(principal).every((proof) => proof.actor === undefined || isAccepted(proof));
    if (principal.actor === undefined)
      return allowNone ? PERMITTED : forbidden('actor_refused', { detail: `nobody acts, ${expected}` });
    return refused ? forbidden('actor_refused', { detail: `${saidOf(principal)}, ${expected}` }) : PERMITTED;
  });
}

function saidOf(principal: Principal): string {
  const actors = proofsOf(principal).flatMap(({ actor }) => actor ?? []);
  return `acts: ${actors.map(({ subject, issuer }) => `${quoted(subject)}${issuer === undefined ? '' : ` of ${quoted(issuer)}`}`).join(', ')}`;
}
