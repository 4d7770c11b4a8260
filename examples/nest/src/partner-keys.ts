import { Injectable } from '@nestjs/common';
import { authenticated, createPrincipal, denied, type SecurityHandler, type Verdict } from '@sallyport/core';
import { challenge, constantTimeEqual, type SecurityRequest } from '@sallyport/core/extend';

/** Which partner has which key. The one key comes from the environment. */
@Injectable()
export class PartnerDirectory {
  readonly #key = process.env['PARTNER_KEY'] ?? '';

  find(key: string): string | undefined {
    return this.#key !== '' && constantTimeEqual(key, this.#key) ? 'web-shop' : undefined;
  }
}

/** Takes the keys of partners. Nest's container gives it its collaborator. */
@Injectable()
export class PartnerKeys implements SecurityHandler<string> {
  readonly name = 'partner';
  readonly challenges = [challenge('Partner', { realm: 'orders' })];
  readonly source = 'header:x-partner-key';

  constructor(private readonly directory: PartnerDirectory) {}

  extract(request: SecurityRequest): string | undefined {
    return request.header('x-partner-key');
  }

  verify(key: string): Verdict {
    const subject = this.directory.find(key);
    if (subject === undefined) return denied('partner_unknown');
    return authenticated(createPrincipal({ subject, scopes: ['orders:read'] }));
  }
}
