import { Injectable } from '@nestjs/common';

export interface User {
  readonly userId: number;
  readonly username: string;
  readonly password: string;
  readonly roles: readonly string[];
}

@Injectable()
export class UsersService {
  readonly #users: readonly User[] = [
    { userId: 1, username: 'john', password: 'changeme', roles: [] },
    { userId: 2, username: 'maria', password: 'guess', roles: ['admin'] },
  ];

  async findOne(username: string): Promise<User | undefined> {
    return this.#users.find((user) => user.username === username);
  }
}
