import type { Eventually } from '../clock/eventually.js';
import { authenticated, type Verdict } from '../verdict/verdict.js';

/** Forbids caches to share an answer: its address contains a credential (RFC 6750 2.3). */
const PRIVATE = [['Cache-Control', 'private']] as const;

/** The verdict about a credential from the query: whoever is let in by it gets an answer of their own. */
export function keptPrivate(verdict: Eventually<Verdict>): Eventually<Verdict> {
  return verdict instanceof Promise ? verdict.then(withHeader) : withHeader(verdict);
}

function withHeader(verdict: Verdict): Verdict {
  if (verdict.kind !== 'authenticated') return verdict;
  return authenticated(verdict.principal, { headers: [...verdict.headers, ...PRIVATE] });
}
