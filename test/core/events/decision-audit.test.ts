import { Writable } from 'node:stream';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { ConfigurationError } from '@sallyport/core';
import { type AuditLogger, type AuditOptions, auditDecisions } from '@sallyport/core/audit';
import { pino } from 'pino';
import { deciding } from './deciding.js';

type Line = Readonly<Record<string, unknown>>;

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  jest.restoreAllMocks();
});

/** A real pino that writes into memory. */
function auditing(options: AuditOptions = {}): Line[] {
  const lines: Line[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(text, _encoding, done) {
      lines.push(JSON.parse(String(text)));
      done();
    },
  });
  stops.push(auditDecisions(pino({ level: 'trace' }, stream), options));
  return lines;
}

const INFO = 30;
const WARN = 40;
const ERROR = 50;

describe('the audit log', () => {
  test('has one line per decision, with who, what, whence and why', async () => {
    const lines = auditing();
    await deciding().ask('good');
    expect(lines).toEqual([
      expect.objectContaining({
        level: INFO,
        msg: 'access granted',
        audit: 'decision',
        chain: 'api',
        method: 'GET',
        route: '/pets/{petId}',
        operation: 'readPet',
        remoteAddress: '192.0.2.1',
        outcome: 'granted',
        principal: { kind: 'user', issuer: 'https://as.example', subject: 'alice', clientId: 'shop' },
        steps: [expect.objectContaining({ handler: 'obedient', verdict: 'authenticated', cache: 'hit' })],
      }),
    ]);
  });

  test.each([
    ['good', INFO, 'access granted'],
    [undefined, WARN, 'access denied: 401 credentials_missing'],
    ['token_expired', WARN, 'access denied: 401 token_expired'],
    ['outage', ERROR, 'access denied: 503 server_down'],
    ['bug', ERROR, 'access denied: 500 handler_threw'],
  ])('the token %p is logged at level %i: %s', async (token, level, msg) => {
    const lines = auditing();
    await deciding().ask(token);
    expect(lines).toEqual([expect.objectContaining({ level, msg })]);
  });

  test('levels can be chosen, and silent leaves the line out', async () => {
    const lines = auditing({ granted: 'silent', refused: 'info', failed: undefined });
    const { ask } = deciding();
    for (const token of ['good', 'token_expired', 'outage']) await ask(token);
    expect(lines.map(({ level }) => level)).toEqual([INFO, ERROR]);
  });

  test('ends with its subscription', async () => {
    const lines = auditing();
    for (const stop of stops.splice(0)) stop();
    await deciding().ask('good');
    expect(lines).toEqual([]);
  });

  test('an entry belongs to the logger: what it adds is seen by nobody else', async () => {
    const mark = (entry: object) => Object.assign(entry, { added: true });
    stops.push(auditDecisions({ trace: mark, debug: mark, info: mark, warn: mark, error: mark }));
    const lines = auditing();
    await deciding().ask('good');
    expect(lines[0]).not.toHaveProperty('added');
  });

  test('a logger that throws changes no decision', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const broken = () => {
      throw new Error('disk full');
    };
    const logger: AuditLogger = { trace: broken, debug: broken, info: broken, warn: broken, error: broken };
    const before = await deciding().ask('token_expired');
    stops.push(auditDecisions(logger));
    expect(await deciding().ask('token_expired')).toEqual(before);
    expect(await deciding().ask('good')).toMatchObject({ kind: 'granted' });
    expect(warn).toHaveBeenCalledTimes(1);
  });

  test.each([
    ['something that is no logger', () => auditDecisions(JSON.parse('{}')), /logger must have a method trace\(\)/],
    ['an unknown level', () => auditDecisions(pino(), JSON.parse('{"granted":"loud"}')), /granted must be one of/],
    ['an unknown option', () => auditDecisions(pino(), JSON.parse('{"grant":"info"}')), /did you mean granted/],
  ])('%s is refused at once', (_case, start, message) => {
    expect(start).toThrow(ConfigurationError);
    expect(start).toThrow(message);
  });
});
