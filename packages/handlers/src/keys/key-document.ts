import { KeyTable } from '../jose/key-table.js';
import { importJwk, importPem, type KeyProblem, revealsPrivateKey } from '../jose/published-key.js';
import { VerificationKey } from '../jose/verification-key.js';
import { publishKeySetEvent } from './key-set-events.js';

const MAX_KEYS = 1_000;

/**
 * Reads a JWK set (RFC 7517 5), or a map from key identifiers to keys or certificates in PEM. Members that are not understood, not for signatures or too weak are left out and
 * reported. A key that was in the set before stays the same object, because remembered verdicts rest on it. `undefined`
 * for a document that is neither or has more than 1 000 keys.
 */
export function readKeySet(
  document: unknown,
  { issuer, algorithms, before }: { issuer: string; algorithms: readonly string[]; before?: KeyTable | undefined },
): KeyTable | undefined {
  const members = membersOf(document);
  if (members === undefined || members.length > MAX_KEYS) return undefined;
  const imported = members.map(({ kid, key }) =>
    kid === undefined ? importJwk(key, algorithms) : importPem(kid, key, algorithms),
  );
  const keys = imported.filter((result) => result instanceof VerificationKey);
  const table = new KeyTable(before === undefined ? keys : keys.map((key) => before.counterpart(key)));
  reportProblems(
    imported.filter((result) => typeof result === 'string'),
    issuer,
  );
  const revealed = members.filter(({ key }) => revealsPrivateKey(key)).length;
  if (revealed > 0) publishKeySetEvent({ kind: 'private_keys_published', issuer, count: revealed });
  if (table.ambiguous.size > 0) publishKeySetEvent({ kind: 'key_ids_ambiguous', issuer, count: table.ambiguous.size });
  return table;
}

/** A member of a key set. Only one in PEM has its identifier beside it. */
interface KeySetMember {
  readonly kid?: string;
  readonly key: unknown;
}

function membersOf(document: unknown): readonly KeySetMember[] | undefined {
  if (typeof document !== 'object' || document === null) return undefined;
  const { keys } = document as { readonly keys?: unknown };
  if (Array.isArray(keys)) return keys.map((key: unknown) => ({ key }));
  const entries = Object.entries(document);
  if (!entries.some(([, pem]) => typeof pem === 'string' && pem.includes('-----BEGIN '))) return undefined;
  return entries.map(([kid, key]) => ({ kid, key }));
}

function reportProblems(problems: readonly KeyProblem[], issuer: string): void {
  for (const problem of new Set(problems)) {
    const count = problems.filter((other) => other === problem).length;
    publishKeySetEvent({ kind: 'keys_unusable', issuer, problem, count });
  }
}
