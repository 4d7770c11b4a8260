import { type Revocations } from '@sallyport/core';
import { option } from '@sallyport/core/extend';
import type { KeySet } from '../jose/key-set.js';
import type { HeaderRules } from '../jose/token-header.js';
import { type KeySetCollaborators, openKeySet } from '../keys/key-source.js';
import type { IssuerSettings } from './trusted-issuer.js';

/** Services of an issuer. */
export interface IssuerCollaborators extends KeySetCollaborators {
  readonly revocations?: Revocations | undefined;
}

/** A trusted issuer, ready for use: its rules and its keys. */
export class Issuer {
  readonly settings: IssuerSettings;
  readonly headerRules: HeaderRules;
  readonly keys: KeySet;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID when keys, algorithms and revocations do not go together */
  constructor(settings: IssuerSettings, name: string, services: IssuerCollaborators) {
    const { revocations, ...keyServices } = services;
    if (revocations !== undefined) checkEnd(settings, name, revocations);
    this.settings = settings;
    this.headerRules = {
      algorithms: new Set(settings.algorithms),
      acceptTyp: new Set(settings.acceptTyp),
      allowMissingTyp: settings.allowMissingTyp,
    };
    this.keys = openKeySet(settings.keys, `${name}.keys`, settings, keyServices);
  }
}

/** A token that never ends would outlive its revocation. */
function checkEnd(settings: IssuerSettings, name: string, { keepSeconds }: Revocations): void {
  const { allowMissingExpiry, maxTokenAgeSeconds = Number.POSITIVE_INFINITY } = settings;
  if (allowMissingExpiry && maxTokenAgeSeconds > keepSeconds) {
    throw option.invalid(
      `${name}.maxTokenAgeSeconds`,
      'is needed for allowMissingExpiry with revocations, at most as long as these are kept (keepSeconds)',
    );
  }
}
