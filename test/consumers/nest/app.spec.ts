import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import { AppModule, BadgeDirectory } from './app';

describe('AppModule', () => {
  let app: INestApplication;

  beforeEach(async () => {
    const directory = { find: (badge: string) => (badge === 'tested' ? 'tester' : undefined) };
    const builder = Test.createTestingModule({ imports: [AppModule] });
    const module = await builder.overrideProvider(BadgeDirectory).useValue(directory).compile();
    app = await module.createNestApplication({ logger: false }).init();
  });
  afterEach(() => app.close());

  const get = (path: string, badge = '') => request(app.getHttpServer()).get(path).set('x-badge', badge);

  it('answers who has a badge', () => get('/cats', 'tested').expect(200, { of: 'tester' }));
  it('answers nobody else', () =>
    get('/cats', 'badge-0001').expect(401).expect('www-authenticate', 'Badge realm="cats"'));
  it('asks for scopes', () => get('/cats/purge', 'tested').expect(403));
  it('is open where it says so', () => get('/cats/prices').expect(200, { cat: 1 }));
});
