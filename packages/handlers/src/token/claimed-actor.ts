import type { Actor } from '@sallyport/core';
import { isAbsent, isText } from './claim-text.js';

/** As many as a principal may have. */
const MAX_ACTORS = 16;

/** Whether an `act` claim names an actor, and each within it one that acted before (RFC 8693 4.1). */
export function isActor(act: unknown): boolean {
  return chainOf(act) !== undefined;
}

/** The actors of an `act` claim; undefined where it names none. Its other members say nothing of who acts. */
export function actorOf(act: unknown): Actor | undefined {
  return chainOf(act)?.reduceRight<Actor | undefined>((actor, link) => ({ ...link, actor }), undefined);
}

/** The outermost first. */
function chainOf(act: unknown): readonly Actor[] | undefined {
  const links: Actor[] = [];
  for (let next = act; !isAbsent(next); ) {
    const link = linkOf(next);
    if (link === undefined || links.length === MAX_ACTORS) return undefined;
    links.push(link);
    next = (next as { readonly act?: unknown }).act;
  }
  return links.length === 0 ? undefined : links;
}

function linkOf(act: unknown): Actor | undefined {
  if (typeof act !== 'object' || act === null || Array.isArray(act)) return undefined;
  const { iss, sub, client_id: client } = act as Readonly<Record<string, unknown>>;
  const [issuer, subject, clientId] = [iss, sub, client].map((value) => (isAbsent(value) ? undefined : value));
  if (![issuer, subject, clientId].every((value) => value === undefined || isText(value))) return undefined;
  const named = (subject ?? clientId) as string | undefined;
  if (named === undefined) return undefined;
  return { issuer: issuer as string | undefined, subject: named, clientId: clientId as string | undefined };
}
