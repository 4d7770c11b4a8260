import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Revocations } from '@sallyport/core';
import { ApiKeyHandler } from '@sallyport/handlers/api-key';
import { MutualTlsHandler } from '@sallyport/handlers/mutual-tls';
import { SUPER_TENANT } from './users.js';

/** How machines prove themselves: by a key, or by a certificate. */
export interface Machines {
  readonly keys: ApiKeyHandler;
  readonly certificates: MutualTlsHandler;
}

/** What everybody may know of the keys. Changes of the file, by whatever process, count at once. */
const KEYS = { prefix: 'gateway', store: { file: { path: 'keys.jsonl', checkIntervalMs: 0 } } } as const;

/** The configuration file by which `sallyport key` finds the keys and their secret. */
const KEYS_FILE = {
  handlers: { keys: { type: 'api-key', options: { ...KEYS, secret: `\${file:key-secret}` } } },
  chain: { requirement: 'keys' },
};

export interface MachineOptions {
  readonly realm: string;
  /** Where the keys are kept, with `keys.json` for `sallyport key`. */
  readonly folder: string;
  /** Who issues the certificates of machines. */
  readonly authority: string;
  readonly revocations: Revocations;
}

export function machines({ realm, folder, authority, revocations }: MachineOptions): Machines {
  const secret = randomBytes(32).toString('base64url');
  writeFileSync(join(folder, 'key-secret'), secret, { mode: 0o600 });
  writeFileSync(join(folder, 'keys.json'), JSON.stringify(KEYS_FILE, undefined, 2));
  return {
    keys: new ApiKeyHandler({ ...KEYS, realm, secret, basicUser: false }, { directory: folder, revocations }),
    certificates: new MutualTlsHandler(
      {
        realm,
        identity: 'common-name',
        kind: 'client',
        issuedBy: authority,
        mapPrincipal: (init) => ({ ...init, claims: { ...init.claims, ...MACHINE_CLAIMS } }),
      },
      { revocations },
    ),
  };
}

/** The tenant of a machine. A key may have another one among its claims. */
export const MACHINE_CLAIMS = { tenant_domain: SUPER_TENANT } as const;
