import { type Clock, challenge, type OnceStore, option } from '@sallyport/core/extend';
import type { ConfirmationSettings } from '../confirmation/confirmation-options.js';
import { Possession } from '../confirmation/possession.js';
import { type TokenKept, TokenSource } from '../token/token-source.js';
import type { DpopSettings } from './dpop-options.js';
import { DpopProofs } from './dpop-proofs.js';

/** What a handler of tokens says about them: where they stand, and what they are bound to. */
interface BoundTokenSettings extends TokenKept {
  readonly name: string;
  readonly realm: string;
  readonly clockToleranceSeconds: number;
  readonly confirmation: ConfirmationSettings;
  readonly dpop: DpopSettings | undefined;
}

/** The tokens of a handler. */
interface BoundTokens {
  readonly tokens: TokenSource;
  readonly possession: Possession;
}

/**
 * Finds tokens and checks what they are bound to. With `dpop`, tokens come by the scheme DPoP, too. `owner` names the options in
 * errors.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 */
export function boundTokens(
  settings: BoundTokenSettings,
  owner: string,
  services: { readonly clock: Clock; readonly onceStore: OnceStore | undefined },
): BoundTokens {
  const { confirmation, dpop, realm } = settings;
  const { required } = confirmation;
  const isRequired = Array.isArray(required) && required.includes('jkt');
  if (dpop === undefined) {
    if (isRequired) throw option.invalid(`${owner}.dpop`, 'is needed where confirmation.required names jkt');
    return { tokens: new TokenSource(settings), possession: new Possession(confirmation) };
  }
  const ofDpop = challenge('DPoP', { realm, algs: dpop.algorithms.join(' ') });
  return {
    tokens: new TokenSource(settings, { challenge: ofDpop, isRequired }),
    possession: new Possession(confirmation, new DpopProofs(dpop, settings, services)),
  };
}
