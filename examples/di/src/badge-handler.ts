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

/** The server's own security mechanism: the number on an employee's badge, in the `X-Badge` header. */
export class BadgeHandler implements SecurityHandler<Secret> {
  readonly name: string;
  readonly challenges: readonly Challenge[];
  readonly source: CredentialSource = { at: 'header:x-badge' };
  readonly #badges: BadgeDirectory;

  constructor(options: object, badges: BadgeDirectory) {
    const { name, realm } = option.check('BadgeHandlerOptions', options, { name: option.text, realm: option.text });
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
