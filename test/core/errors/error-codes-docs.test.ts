import { describe, expect, test } from '@jest/globals';
import { SALLYPORT_ERROR_CODES } from '@sallyport/core/extend';
import { VERIFIER_FIXES } from '../../../packages/adapters/src/mcp/bearer/verifier-handler.js';
import { DETAILS } from '../../../packages/core/src/decision/problem.js';
import { FIXES } from '../../../packages/core/src/events/fixes.js';
import { API_KEY_FIXES } from '../../../packages/handlers/src/api-key/api-key-fixes.js';
import { BASIC_FIXES } from '../../../packages/handlers/src/basic/basic-fixes.js';
import { CONFIRMATION_FIXES } from '../../../packages/handlers/src/confirmation/confirmation-fixes.js';
import { DPOP_FIXES } from '../../../packages/handlers/src/dpop/dpop-fixes.js';
import { INTROSPECTION_FIXES } from '../../../packages/handlers/src/introspection/introspection-fixes.js';
import { JWT_FIXES } from '../../../packages/handlers/src/jwt/jwt-fixes.js';
import { MUTUAL_TLS_FIXES } from '../../../packages/handlers/src/mutual-tls/mutual-tls-fixes.js';
import { WEBHOOK_FIXES } from '../../../packages/handlers/src/webhook/webhook-fixes.js';
import { documentOf, tablesOf } from '../../support/markdown.js';
import { reasonCodes } from './reason-codes.js';

/** What the lines of decisions advise, by reason or cause. Handlers have advice of their own for some reasons. */
const FIXES_IN_CODE = [
  FIXES,
  JWT_FIXES,
  INTROSPECTION_FIXES,
  CONFIRMATION_FIXES,
  DPOP_FIXES,
  BASIC_FIXES,
  API_KEY_FIXES,
  MUTUAL_TLS_FIXES,
  WEBHOOK_FIXES,
  VERIFIER_FIXES,
].flatMap((table) => Object.entries(table));

const document = documentOf('docs/error-codes.md');
const tables = tablesOf(document);
const publicCodes = tables.flat().filter((row) => row['Code'] !== undefined);
const causes = tables.flat().filter((row) => row['Cause'] !== undefined);
const reasons = tables.flat().filter((row) => row['Reason'] !== undefined && row['Cause'] === undefined);
const inCode = new Map([
  ...reasonCodes(),
  ...SALLYPORT_ERROR_CODES.filter((code) => code.includes('_UPSTREAM_')).map(
    (code) => [code.toLowerCase(), 503] as const,
  ),
]);

function plain(cell: string | undefined): string {
  return (cell ?? '').replaceAll('`', '');
}

describe('docs/error-codes.md and the code agree', () => {
  test('on the errors: each code has a section, with a fix', () => {
    const sections = document.split(/^### /m).filter((section) => section.startsWith('`ERR_'));
    expect(sections.map((section) => plain(section.split('\n', 1)[0])).toSorted()).toEqual(
      SALLYPORT_ERROR_CODES.toSorted(),
    );
    expect(sections.filter((section) => !section.includes('**Fix:**'))).toEqual([]);
  });

  test('on the public codes and their texts', () => {
    expect(Object.fromEntries(publicCodes.map((row) => [plain(row['Code']), row['Text']]))).toEqual(DETAILS);
  });

  test('on the reasons: all that the code makes, and no other', () => {
    const documented = new Set(reasons.map((row) => plain(row['Reason'])));
    expect([...documented].toSorted()).toEqual([...inCode.keys()].toSorted());
  });

  test.each(reasons.map((row) => [plain(row['Reason']), row] as const))(
    'on %s: status, meaning and fix',
    (reason, row) => {
      expect(Number(row['Status'])).toBe(inCode.get(reason));
      expect(row['Meaning']).toMatch(/.\.$/);
      expect(row['Fix']).toMatch(/.\.$/);
    },
  );

  test.each(causes.map((row) => [plain(row['Cause']), row] as const))('on the cause %s: its reason', (_cause, row) => {
    expect(inCode.has(plain(row['Reason']))).toBe(true);
    expect(row['Meaning']).toMatch(/.\.$/);
  });
});

describe('the fixes', () => {
  const documented = [...reasons, ...causes].map((row) => [plain(row['Cause'] ?? row['Reason']), plain(row['Fix'])]);
  const unique = (pairs: readonly (readonly string[])[]) =>
    [...new Set(pairs.map((pair) => pair.join(': ')))].toSorted();

  test('are what the line of a decision advises, word for word, and no reason lacks one', () => {
    expect(unique(documented)).toEqual(unique(FIXES_IN_CODE));
    const advised = new Set(FIXES_IN_CODE.map(([code]) => code));
    expect([...inCode.keys()].filter((reason) => !advised.has(reason))).toEqual([]);
  });

  test('name what they are about: none begins with a verb and a pronoun alone', () => {
    const vague = /^(?:\w+ (?:it|them|so)\b|Fix the issuer\.|Send the right)/;
    expect(FIXES_IN_CODE.filter(([, fix]) => vague.test(fix))).toEqual([]);
  });
});

describe('the search for reasons itself', () => {
  test('finds those of each kind', () => {
    const found = reasonCodes();
    expect(
      [
        'credentials_missing',
        'duplicate_authorization',
        'path_double_slash',
        'target_form',
        'rate_limited',
        'dependency_failed',
        'client_gone',
        'claim_<name>_mistyped',
        'introspection_answer_unusable',
      ].filter((reason) => !found.has(reason)),
    ).toEqual([]);
  });
});
