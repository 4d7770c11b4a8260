/** An employee who wears a badge. */
export interface Employee {
  readonly name: string;
  readonly roles: readonly string[];
  readonly onDuty: boolean;
}

/** Takes the place of a database. The handler gets it as a collaborator. */
export class BadgeDirectory {
  readonly #badges = new Map<string, Employee>([
    ['badge-0001', { name: 'alice', roles: ['guard'], onDuty: true }],
    ['badge-0002', { name: 'bob', roles: ['guard'], onDuty: false }],
  ]);

  find(badge: string): Employee | undefined {
    return this.#badges.get(badge);
  }
}
