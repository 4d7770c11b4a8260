import { KeyTable } from '../jose/key-table.js';
import { importJwk, type KeyProblem, revealsPrivateKey, VerificationKey } from '../jose/verification-key.js';
import { publishKeySetEvent } from './key-set-events.js';

const MAX_KEYS = 1_000;

/**
 * Reads a JWK set (RFC 7517 5). Members that are not understood, not for signatures or too weak are left out and
 * reported. A key that was in the set before stays the same object, because remembered verdicts rest on it. `undefined`
 * for a document that is no key set or has more than 1 000 keys.
 */
export function readKeySet(
  document: unknown,
  { issuer, algorithms, before }: { issuer: string; algorithms: readonly string[]; before?: KeyTable | undefined },
): KeyTable | undefined {
  const members = (document as { keys?: unknown } | null | undefined)?.keys;
  if (!Array.isArray(members) || members.length > MAX_KEYS) return undefined;
  const imported = members.map((member) => importJwk(member, algorithms));
  const keys = imported.filter((result) => result instanceof VerificationKey);
  const table = new KeyTable(before === undefined ? keys : keys.map((key) => before.counterpart(key)));
  reportProblems(
    imported.filter((result) => typeof result === 'string'),
    issuer,
  );
  const revealed = members.filter(revealsPrivateKey).length;
  if (revealed > 0) publishKeySetEvent({ kind: 'private_keys_published', issuer, count: revealed });
  if (table.ambiguous.size > 0) publishKeySetEvent({ kind: 'key_ids_ambiguous', issuer, count: table.ambiguous.size });
  return table;
}

function reportProblems(problems: readonly KeyProblem[], issuer: string): void {
  for (const problem of new Set(problems)) {
    const count = problems.filter((other) => other === problem).length;
    publishKeySetEvent({ kind: 'keys_unusable', issuer, problem, count });
  }
}
