import { memberPath, ownMember } from '@sallyport/core/extend';
import type { DeclaredScheme } from '../contract/compiled-contract.js';
import type { Change } from './change.js';
import type { Enforced } from './enforced.js';

/** Members that say what is proved, or by whom. The others say where the proof stands. */
const PROVED = /(?:^type|^scheme|Url)$/;
const MEMBERS = ['type', 'scheme', 'in', 'name', 'openIdConnectUrl', 'oauth2MetadataUrl'];

/**
 * The differences of security schemes that operations need in both documents. A word or an address that the scheme did not have
 * may let in others: whether it does, the handler of the scheme decides.
 */
export function schemeChanges(old: Enforced, latest: Enforced): readonly Change[] {
  const needed = neededBy(latest);
  return [...latest.schemes].flatMap(([name, scheme], index) => {
    const before = old.schemes.get(name);
    if (before === undefined || !needed.has(name)) return [];
    return changesOf(memberPath('components.securitySchemes', name, index), toldBy(before), toldBy(scheme));
  });
}

function neededBy({ operations }: Enforced): ReadonlySet<string> {
  return new Set(operations.flatMap(({ ways }) => ways.flatMap(({ proofs }) => proofs)));
}

type Told = ReadonlyMap<string, string>;

function changesOf(place: string, was: Told, is: Told): readonly Change[] {
  const known = new Set(was.values());
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((member): readonly Change[] => {
    const [before, after] = [was.get(member), is.get(member)];
    if (before === after) return [];
    const isNew = after !== undefined && PROVED.test(member) && !known.has(after);
    return [{ effect: isNew ? 'may open' : 'changes', what: `${place}.${member}`, before, after }];
  });
}

/** What a scheme says of itself and of its authorization server. Descriptions and scopes let nobody in. */
function toldBy(scheme: DeclaredScheme): Told {
  const own = MEMBERS.map((member) => [member, textOf(scheme, member)] as const);
  const flows = Object.entries(Object(ownMember(scheme, 'flows'))).flatMap(([flow, members]) =>
    Object.entries(Object(members))
      .filter(([member]) => member.endsWith('Url'))
      .map(([member, url]) => [`flows.${flow}.${member}`, url] as const),
  );
  return new Map([...own, ...flows].filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** The names of HTTP schemes are case-insensitive (RFC 9110 11.1). */
function textOf(scheme: DeclaredScheme, member: string): unknown {
  const value = ownMember(scheme, member);
  return member === 'scheme' && typeof value === 'string' ? value.toLowerCase() : value;
}
