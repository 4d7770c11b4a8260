import { option } from '@sallyport/core/extend';
import { normalForm } from '../passwords/basic-text.js';
import { readHash } from '../passwords/password-hash.js';

const hash = option.refined(option.text, (value, name) => {
  if (readHash(value) === undefined) throw option.invalid(name, 'must be an argon2id, scrypt or bcrypt hash');
  return value;
});

type Claims = Readonly<Record<string, unknown>>;

const claims = option.withSchema<Claims>(
  option.plainObject.schema,
  (value, name) => option.plainObject(value, name) as Claims,
);

const ACCOUNT = option.table('Account', {
  /** The principal's subject. An account has one name, even if the store finds it under several spellings. */
  name: option.refined(option.text, normalForm),
  /** The password's hash: a PHC string (`$argon2id$…`, `$scrypt$…`) or a bcrypt string (`$2b$…`). */
  hash,
  /** The principal's roles. Default: none. */
  roles: option.optional(option.listOf(option.text)),
  /** The principal's claims. Default: none. */
  claims: option.optional<Claims, Claims>(claims),
});

/** What a user store knows about an account. */
export interface Account extends option.Given<typeof ACCOUNT> {}

/** The check of an account that is configured. */
export const configuredAccount: option.Table<Account> = ACCOUNT;

/** The check of all accounts that are configured. */
export const configuredAccounts = option.refined(
  option.listOf<Account, Account>(configuredAccount),
  (accounts, name) => {
    const names = new Set<string>();
    for (const [index, account] of accounts.entries()) {
      if (names.has(account.name)) throw option.invalid(`${name}[${index}].name`, 'must not occur twice');
      names.add(account.name);
    }
    return accounts;
  },
);
