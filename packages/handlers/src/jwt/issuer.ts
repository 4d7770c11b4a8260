import { checkedIssuer, type IssuerSettings, type TrustedIssuer } from './issuer-options.js';
import type { KeySet } from './key-set.js';
import { type KeySetCollaborators, openKeySet } from './key-source.js';
import type { HeaderRules } from './token-header.js';

/** A trusted issuer, ready for use: its rules and its keys. */
export class Issuer {
  readonly settings: IssuerSettings;
  readonly headerRules: HeaderRules;
  readonly keys: KeySet;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: TrustedIssuer, name: string, services: KeySetCollaborators) {
    const settings = checkedIssuer(options, name);
    this.settings = settings;
    this.headerRules = {
      algorithms: new Set(settings.algorithms),
      acceptTyp: new Set(settings.acceptTyp),
      allowMissingTyp: settings.allowMissingTyp,
    };
    this.keys = openKeySet(settings.keys, `${name}.keys`, settings, services);
  }
}
