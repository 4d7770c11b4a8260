import { anonymous, challenged, optional, requireAudience, requireScopes, unavailable } from '@sallyport/core';
import { alice, bearer } from './scripted-handlers.js';
import { BEARER, INVALID_TOKEN, MISSING, NOTHING, type StatusRow, TOKEN, UNAVAILABLE } from './status-row.js';

/** Rules 8 and 9, as far as guards are concerned. */
export const GUARD_ROWS: readonly StatusRow[] = [
  {
    rule: 'rule 8: an anonymous caller whom a guard refuses is asked who it is',
    chain: { requirement: optional(bearer()), guards: [requireScopes('a')] },
    sends: NOTHING,
    ...MISSING,
    challenges: ['Bearer realm="api", scope="a"'],
  },
  {
    rule: 'rule 8: so is one whom a guard wants to prove more [RFC 9110 15.5.2]',
    chain: { requirement: optional(bearer()), guards: [() => challenged({ error: 'use_mfa' })] },
    sends: NOTHING,
    ...MISSING,
    challenges: [BEARER],
  },
  {
    rule: 'rule 8: where nobody can say who it is, a 401 would have no challenge: 403 [RFC 9110 15.5.2]',
    chain: { requirement: anonymous(), guards: [requireAudience('api')] },
    sends: NOTHING,
    status: 403,
    reason: 'audience_mismatch',
    code: 'forbidden',
    challenges: [],
  },
  {
    rule: 'rule 8: a token for somebody else is invalid_token [RFC 9068 4]',
    chain: { requirement: bearer(alice({ audience: ['other'] })), guards: [requireAudience('api')] },
    sends: TOKEN,
    status: 401,
    reason: 'audience_mismatch',
    code: 'invalid_token',
    challenges: [INVALID_TOKEN],
  },
  {
    rule: 'rule 9: a guard that cannot answer is 503, also for an anonymous caller',
    chain: { requirement: optional(bearer()), guards: [() => unavailable('policy_server_down')] },
    sends: NOTHING,
    ...UNAVAILABLE,
    reason: 'policy_server_down',
    retryAfter: '7',
  },
];
