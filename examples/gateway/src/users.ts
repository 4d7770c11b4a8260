/** The tenant of all users whose names contain no tenant. */
export const SUPER_TENANT = 'carbon.super';

/** A person who may log in. The passwords are the documented ones of a development server. */
export interface User {
  /** With `@` and the tenant at its end, unless that is the super tenant. */
  readonly name: string;
  readonly password: string;
  readonly roles: readonly string[];
}

const USERS: ReadonlyMap<string, User> = new Map(
  [
    { name: 'admin', password: 'admin', roles: ['admin'] },
    { name: 'publisher', password: 'publisher', roles: ['Internal/publisher'] },
    { name: 'creator', password: 'creator', roles: ['Internal/creator'] },
    { name: 'subscriber', password: 'subscriber', roles: ['Internal/subscriber'] },
    { name: 'publisher@pizza.example', password: 'publisher@pizza.example', roles: ['Internal/publisher'] },
  ].map((user) => [user.name, user]),
);

export const ALL_USERS: readonly User[] = [...USERS.values()];

export function findUser(name: string): User | undefined {
  return USERS.get(name);
}

/** True for an administrator, who may register clients for others and read every registration. */
export function isAdmin(name: string): boolean {
  return findUser(name)?.roles.includes('admin') ?? false;
}

export function tenantOf(userName: string): string {
  const at = userName.lastIndexOf('@');
  return at === -1 ? SUPER_TENANT : userName.slice(at + 1);
}

/** The name as it stands in tokens, always with its tenant. */
export function qualifiedName(userName: string): string {
  return userName.includes('@') ? userName : `${userName}@${SUPER_TENANT}`;
}
