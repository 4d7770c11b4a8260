import { authenticated, createPrincipal, denied, type SecurityHandler, type Verdict } from '@sallyport/core';
import {
  type Challenge,
  type CredentialSource,
  challenge,
  option,
  Secret,
  type SecurityRequest,
} from '@sallyport/core/extend';
import type { BadgeDirectory } from './badge-directory.js';

export const BADGE = option.table('BadgeHandlerOptions', {
  /** The name of this instance. */
  name: option.text,
  /** What clients are told about the doors. */
  realm: option.text,
});

export interface BadgeHandlerOptions extends option.Given<typeof BADGE> {}

/** The server's own security mechanism: the number on an employee's badge, in the `X-Badge` header. */
export class BadgeHandler implements SecurityHandler<Secret> {
  readonly name: string;
  readonly challenges: readonly Challenge[];
  readonly source: CredentialSource = { at: 'header:x-badge' };
  readonly #badges: BadgeDirectory;

  constructor(options: BadgeHandlerOptions, badges: BadgeDirectory) {
    const { name, realm } = BADGE(options);
    this.name = name;
    this.challenges = [challenge('Badge', { realm, header: 'X-Badge' })];
    this.#badges = badges;
  }

  extract(request: SecurityRequest): Secret | undefined {
    const badge = request.header('x-badge');
    return badge === undefined ? undefined : new Secret(badge);
  }

  verify(badge: Secret): Verdict {
    const employee = this.#badges.find(badge.reveal());
    if (employee === undefined) return denied('badge_unknown');
    const { name, roles, onDuty } = employee;
    return authenticated(createPrincipal({ subject: name, roles, claims: { onDuty } }));
  }
}
