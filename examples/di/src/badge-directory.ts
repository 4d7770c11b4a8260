import { injectable } from '@sallyport/configuration/tsyringe';

/** Who wears a badge, and whether they are on duty. */
export interface Employee {
  readonly name: string;
  readonly roles: readonly string[];
  readonly onDuty: boolean;
}

/** Stands for a database: the handler gets it from the container and does not know where it comes from. */
@injectable()
export class BadgeDirectory {
  readonly #badges = new Map<string, Employee>([
    ['badge-0001', { name: 'alice', roles: ['guard'], onDuty: true }],
    ['badge-0002', { name: 'bob', roles: ['guard'], onDuty: false }],
  ]);

  find(badge: string): Employee | undefined {
    return this.#badges.get(badge);
  }
}
