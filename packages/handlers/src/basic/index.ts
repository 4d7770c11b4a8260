export type { FailureLimits } from '@sallyport/core/extend';
export type { BasicCredential } from './basic-credential.js';
export { type BasicEvent, onBasicEvent } from './basic-events.js';
export { BasicHandler } from './basic-handler.js';
export type { BasicHandlerCollaborators, BasicHandlerOptions, ScopesOfRoles } from './basic-options.js';
export type { ChallengeAudience } from './challenge-audience.js';
export type { ConfiguredAccounts, ConfiguredPasswordFile, ConfiguredUsers } from './configured-users.js';
export type { Argon2idOptions } from './passwords/argon2id.js';
export type { BcryptOptions } from './passwords/bcrypt.js';
export type { HashQueueOptions } from './passwords/hash-queue.js';
export type { LegacyHash } from './passwords/password-hash-format.js';
export { type HashingOptions, hashPassword } from './passwords/password-hasher.js';
export type { ProvedPasswordsOptions } from './passwords/proved-passwords.js';
export type { ScryptOptions } from './passwords/scrypt.js';
export type { Account } from './users/account.js';
export {
  HtpasswdUserStore,
  type HtpasswdUserStoreCollaborators,
  type HtpasswdUserStoreOptions,
} from './users/htpasswd-user-store.js';
export { InMemoryUserStore } from './users/in-memory-user-store.js';
export { BASIC_CHANNEL } from './users/user-file-events.js';
export type { UserStore } from './users/user-store.js';
