import { type Revocations } from '@sallyport/core';
import { option } from '@sallyport/core/extend';
import type { KeySet } from '../jose/key-set.js';
import { type HeaderRules, ProvedHeaders } from '../jose/token-header.js';
import { allowsShortSecret, type KeySetCollaborators, openKeySet } from '../keys/key-source.js';
import type { IssuerSettings } from './trusted-issuer.js';

/** Services of an issuer. */
export interface IssuerCollaborators extends KeySetCollaborators {
  /** The switches that a warning has been given of. */
  readonly warned: Set<string>;
  readonly revocations?: Revocations | undefined;
}

/** A trusted issuer, ready for use: its rules and its keys. */
export class Issuer {
  readonly settings: IssuerSettings;
  readonly headerRules: HeaderRules;
  readonly keys: KeySet;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID when keys, algorithms and revocations do not go together */
  constructor(settings: IssuerSettings, name: string, services: IssuerCollaborators) {
    const { revocations, warned, ...keyServices } = services;
    checkAudience(settings, name);
    if (revocations !== undefined) checkEnd(settings, name, revocations);
    this.settings = settings;
    this.headerRules = {
      algorithms: new Set(settings.algorithms),
      acceptTyp: new Set(settings.acceptTyp),
      allowMissingTyp: settings.allowMissingTyp,
      proved: new ProvedHeaders(),
    };
    this.keys = openKeySet(settings.keys, `${name}.keys`, settings, keyServices);
    warnOf(settings, warned);
  }
}

function checkAudience({ audience, clients, allowAnyAudience }: IssuerSettings, name: string): void {
  const isChecked = audience !== undefined || clients !== undefined;
  if (isChecked && allowAnyAudience) {
    throw option.invalid(`${name}.allowAnyAudience`, 'is for issuers without audience and clients');
  }
  if (!isChecked && !allowAnyAudience) {
    throw option.invalid(`${name}.audience`, 'is needed, unless clients are checked instead');
  }
}

const WEAKENING = {
  allowAnyAudience: 'tokens for any audience are accepted',
  allowMissingIssuer: 'tokens that name no issuer are accepted',
  allowMissingExpiry: 'tokens without an end are accepted',
  allowExpiryBeyondYear9999: 'tokens that may never end are accepted',
  allowShortSecret: 'tokens are signed with a secret that may be guessed',
} as const;

/** Once for each handler: issuers that are resolved again and again give no further warning. */
function warnOf(settings: IssuerSettings, warned: Set<string>): void {
  const switches = { ...settings, allowShortSecret: allowsShortSecret(settings.keys) };
  for (const [name, weakness] of Object.entries(WEAKENING)) {
    if (!switches[name as keyof typeof WEAKENING] || warned.has(name)) continue;
    warned.add(name);
    process.emitWarning(`${weakness} (${name})`, 'SallyportWarning');
  }
}

/** A token that never ends would outlive its revocation. */
function checkEnd(settings: IssuerSettings, name: string, { keepSeconds }: Revocations): void {
  const { allowMissingExpiry, allowExpiryBeyondYear9999, maxTokenAgeSeconds = Number.POSITIVE_INFINITY } = settings;
  if ((allowMissingExpiry || allowExpiryBeyondYear9999) && maxTokenAgeSeconds > keepSeconds) {
    throw option.invalid(
      `${name}.maxTokenAgeSeconds`,
      'is needed with revocations where tokens may never end, at most as long as these are kept (keepSeconds)',
    );
  }
}
