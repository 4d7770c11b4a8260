import { jest } from '@jest/globals';

const ELEVEN = './eleven/node_modules';

/** From now on, whoever requires a package of Nest in this file of tests gets that of Nest 11. */
export function elevenInstead(): void {
  for (const name of [
    'common',
    'core',
    'microservices',
    'platform-express',
    'platform-fastify',
    'platform-socket.io',
    'platform-ws',
    'testing',
    'websockets',
  ])
    jest.doMock(`@nestjs/${name}`, () => jest.requireActual(`${ELEVEN}/@nestjs/${name}`));
}

/** What a package of Nest 11 exports. */
export function ofEleven<Exports>(name: string): Exports {
  return jest.requireActual(`${ELEVEN}/${name}`);
}
