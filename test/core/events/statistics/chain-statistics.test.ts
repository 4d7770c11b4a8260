import { describe, expect, jest, test } from '@jest/globals';
import {
  type ChainStatistics,
  createPrincipal,
  type DecisionFigures,
  type DividedFigures,
  guard,
  type NamedFigures,
  SecurityChain,
} from '@sallyport/core';
import { buildRequest } from '@sallyport/core/testing';
import { counting } from './counting.js';

const statisticsOf = ({ statistics }: { statistics: ChainStatistics | undefined }): ChainStatistics => {
  if (statistics === undefined) throw new Error('no statistics');
  return statistics;
};
const rowOf = <Row extends NamedFigures>({ rows }: DividedFigures<Row>, name: string): Row => {
  const row = rows.find((each) => each.name === name);
  if (row === undefined) throw new Error(`no row ${name} among ${rows.map((each) => each.name)}`);
  return row;
};
const outcomes = ({ decisions, granted, refused, limited: held, failed }: DecisionFigures) => [
  decisions,
  granted,
  refused,
  held,
  failed,
];

describe('chain.statistics', () => {
  test('are undefined without the option', () => {
    expect(new SecurityChain({ requirement: counting().handler }).statistics).toBeUndefined();
  });

  test('count all outcomes: granted, refused, limited and failed', async () => {
    const { chain, ask } = counting();
    for (const said of ['shop', 'shop', 'bad_key', 'wait', 'outage']) await ask(said);
    expect(outcomes(statisticsOf(chain).total)).toEqual([5, 2, 1, 1, 1]);
  });

  test('count by operation, by client and by reason, each with its reasons', async () => {
    const { chain, ask } = counting();
    await ask('shop');
    await ask('shop', 'DELETE /pets/7');
    await ask('app', 'DELETE /pets/7');
    await ask('bad_key');
    const { operations, clients, reasons } = statisticsOf(chain);
    expect(outcomes(rowOf(operations, 'readPet'))).toEqual([2, 1, 1, 0, 0]);
    expect(rowOf(operations, 'deletePet').reasons).toEqual({ policy_refused: 2 });
    expect(outcomes(rowOf(clients, 'shop'))).toEqual([2, 1, 1, 0, 0]);
    expect(rowOf(clients, 'app')).toMatchObject({ issuer: 'https://as.example', reasons: { policy_refused: 1 } });
    expect(outcomes(clients.none)).toEqual([1, 0, 1, 0, 0]);
    expect(outcomes(rowOf(reasons, 'policy_refused'))).toEqual([2, 0, 2, 0, 0]);
    expect(outcomes(reasons.none)).toEqual([1, 1, 0, 0, 0]);
  });

  test('are each time divided completely: rows, none and other are the total', async () => {
    const { chain, ask } = counting({ maxClients: 2, maxOperations: 1 });
    for (const said of ['a', 'b', 'c', 'd', 'bad_key', 'wait', 'outage']) {
      await ask(said);
      await ask(said, 'DELETE /pets/7');
      await ask(said, 'GET /nowhere');
    }
    const { total, operations, clients, reasons } = statisticsOf(chain);
    expect(total.decisions).toBe(21);
    for (const { rows, none, other } of [operations, clients, reasons]) {
      const parts = [...rows, none, other];
      for (const figure of ['decisions', 'granted', 'refused', 'limited', 'failed'] as const) {
        expect(parts.reduce((sum, part) => sum + part[figure], 0)).toBe(total[figure]);
      }
      expect(parts.reduce((sum, { duration }) => sum + duration.sumMs, 0)).toBeCloseTo(total.duration.sumMs, 6);
      expect(parts.reduce((sum, { cache }) => sum + cache.miss, 0)).toBe(total.cache.miss);
    }
  });

  test('tell an operation without an id by method and route, and an invented method by _OTHER', async () => {
    const chain = new SecurityChain({ requirement: counting().handler, statistics: {} });
    const rawHeaders = ['X-Says', 'shop'];
    for (const method of ['GET', 'M1', 'M2']) {
      await chain.explain(
        { method, target: '/pets/7', rawHeaders, route: { method, template: '/pets/:id' } },
        { publish: true },
      );
    }
    const { operations } = statisticsOf(chain);
    expect(operations.rows.map(({ name, decisions }) => [name, decisions])).toEqual([
      ['GET /pets/:id', 1],
      ['_OTHER /pets/:id', 2],
    ]);
  });

  test('keep clients of one name apart by their issuers', async () => {
    const { chain, askAs } = counting();
    for (const issuer of ['https://a', 'https://b', undefined]) {
      await askAs(createPrincipal({ issuer, subject: 'alice', clientId: 'shop' }));
    }
    expect(statisticsOf(chain).clients.rows.map(({ name, issuer }) => [name, issuer])).toEqual([
      ['shop', 'https://a'],
      ['shop', 'https://b'],
      ['shop', undefined],
    ]);
  });

  test('take a principal that is a client by its subject, and name no user', async () => {
    const { chain, askAs } = counting();
    await askAs(createPrincipal({ kind: 'client', subject: 'pipeline' }));
    await askAs(createPrincipal({ kind: 'user', subject: 'alice' }));
    const statistics = statisticsOf(chain);
    expect(statistics.clients.rows.map(({ name }) => name)).toEqual(['pipeline']);
    expect(statistics.clients.none.decisions).toBe(1);
    expect(JSON.stringify(statistics)).not.toContain('alice');
  });

  test('count where answers about credentials came from', async () => {
    const { chain, ask } = counting();
    for (const said of ['shop', 'shop', 'shop', 'app', 'bad_key']) await ask(said);
    const { total, clients } = statisticsOf(chain);
    expect(total.cache).toEqual({ hit: 2, negative_hit: 0, miss: 3, joined: 0, stale: 0, shared_hit: 0 });
    expect(rowOf(clients, 'shop').cache).toMatchObject({ hit: 2, miss: 1 });
  });

  test('tell how limits were used, by operation and client as well', async () => {
    const { chain, ask } = counting();
    for (let turn = 0; turn < 6; turn += 1) await ask('shop', 'POST /orders');
    await ask('app', 'POST /orders');
    await ask('app');
    const { total, operations, clients, reasons } = statisticsOf(chain);
    expect(total.limits).toEqual({
      orders: { requests: 7, refused: 1, local: 0, cost: 12, highestUse: 1 },
    });
    expect(rowOf(operations, 'readPet').limits).toEqual({});
    expect(rowOf(operations, 'placeOrder').limits).toEqual(total.limits);
    expect(rowOf(clients, 'shop').limits['orders']).toMatchObject({ requests: 6, refused: 1, highestUse: 1 });
    expect(rowOf(clients, 'app').limits['orders']).toEqual({
      requests: 1,
      refused: 0,
      local: 0,
      cost: 2,
      highestUse: 0.2,
    });
    expect(rowOf(reasons, 'rate_limited').limits['orders']).toMatchObject({ requests: 1, refused: 1 });
    expect(outcomes(rowOf(operations, 'placeOrder'))).toEqual([7, 6, 0, 1, 0]);
  });

  test('count the use of a limit whose store gives no answer', async () => {
    const down = () => Promise.reject(new Error('down'));
    const counterStore = { add: down, get: down, reset: async () => {} };
    const { chain, ask } = counting({}, { counterStore });
    for (let turn = 0; turn < 3; turn += 1) await ask('shop', 'POST /orders');
    expect(statisticsOf(chain).total.limits['orders']).toMatchObject({ requests: 3, local: 3 });
  });

  test('measure how long decisions take, in fixed buckets', async () => {
    const { chain, ask, clock } = counting();
    for (const seconds of [0.0004, 0.0004, 0.03, 9]) await ask('shop', undefined, () => clock.pass(seconds));
    const { total, boundariesMs } = statisticsOf(chain);
    const { duration } = total;
    expect(duration.counts).toHaveLength(boundariesMs.length + 1);
    expect(duration.counts.reduce((sum, count) => sum + count, 0)).toBe(4);
    expect(duration.counts[boundariesMs.indexOf(0.5)]).toBe(2);
    expect(duration.counts[boundariesMs.indexOf(50)]).toBe(1);
    expect(duration.counts.at(-1)).toBe(1);
    expect(duration).toMatchObject({ p50Ms: 0.5, p95Ms: 9_000, p99Ms: 9_000, maxMs: 9_000 });
    expect(duration.sumMs).toBeCloseTo(9_030.8, 3);
  });

  test('tell no duration where nothing was decided', () => {
    const { total } = statisticsOf(counting().chain);
    expect(total.duration).toMatchObject({ sumMs: 0, maxMs: 0, p50Ms: 0, p95Ms: 0, p99Ms: 0 });
  });

  test('are frozen snapshots: later decisions change none, and reading sets nothing back', async () => {
    const { chain, ask, clock } = counting();
    await ask('shop');
    const before = statisticsOf(chain);
    clock.pass(60);
    await ask('shop');
    const after = statisticsOf(chain);
    expect([before.total.granted, after.total.granted]).toEqual([1, 2]);
    expect(after.sinceMs).toBe(before.sinceMs);
    expect(after.untilMs - before.untilMs).toBe(60_000);
    expect(statisticsOf(chain)).toEqual(after);
    const open: unknown[] = [after];
    for (const each of open) {
      expect(Object.isFrozen(each)).toBe(true);
      open.push(...Object.values(each as object).filter((value) => typeof value === 'object' && value !== null));
    }
    expect(open.length).toBeGreaterThan(30);
  });

  test('count a guard of a route only where it refuses', async () => {
    const { chain, ask } = counting();
    const granted = await ask('shop');
    if (granted.kind !== 'granted') throw new Error('denied');
    const request = buildRequest('/pets/7', { headers: { 'X-Says': 'shop' } });
    await chain.authorize(
      granted,
      guard('open', () => true),
      request,
    );
    expect(statisticsOf(chain).total.decisions).toBe(1);
    await chain.authorize(
      granted,
      guard('shut', () => false),
      request,
    );
    expect(outcomes(statisticsOf(chain).total)).toEqual([2, 1, 1, 0, 0]);
  });

  test('count no explanation, unless it is published', async () => {
    const { chain } = counting();
    const request = { method: 'GET', target: '/pets/7', rawHeaders: ['X-Says', 'shop'] };
    await chain.explain(request);
    expect(statisticsOf(chain).total.decisions).toBe(0);
    await chain.explain(request, { publish: true });
    expect(statisticsOf(chain).total.decisions).toBe(1);
  });

  test('hold nothing that a caller sent as a credential, and no detail', async () => {
    const { chain, ask, askAs } = counting();
    for (const said of ['shop', 'bad_key', 'wait', 'outage']) await ask(said);
    await askAs(createPrincipal({ subject: 'alice', clientId: 'shop', claims: { email: 'alice@example.com' } }));
    const text = JSON.stringify(statisticsOf(chain));
    expect(text).not.toMatch(/somebody|alice/);
    expect(text).not.toContain('db.internal');
    expect(text).not.toContain('192.0.2.1');
    expect(text).not.toContain('/pets/7');
  });

  test.each([['{"maxClients":0}'], ['{"maxOperations":1.5}'], ['{"clients":5}'], ['true']])(
    'wrong options are refused: %s',
    (options) => {
      const requirement = counting().handler;
      const make = () => new SecurityChain({ requirement, statistics: JSON.parse(options) });
      expect(make).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_SALLYPORT_OPTION_/) }));
    },
  );

  test('replace no listener: problems that nobody hears of are told on stderr all the same', async () => {
    const { chain, ask } = counting();
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    await ask('outage');
    expect(chain.statistics?.total.failed).toBe(1);
    expect(warn.mock.calls.map(([warning]) => warning)).toEqual([expect.stringContaining('server_down')]);
    warn.mockRestore();
  });
});

describe('the number of rows is bounded', () => {
  const clientsOf = (chain: SecurityChain) => statisticsOf(chain).clients;
  const names = (chain: SecurityChain) => clientsOf(chain).rows.map(({ name }) => name);

  test('a flood of clients counts among the others, and those that were there stay', async () => {
    const { chain, ask } = counting({ maxClients: 4 });
    for (const client of ['a', 'b', 'c']) await ask(client);
    for (let index = 0; index < 1_000; index += 1) await ask(`flood-${index}`);
    for (const client of ['a', 'b', 'c']) await ask(client);
    expect(names(chain)).toEqual(['a', 'b', 'c', 'flood-0']);
    expect(rowOf(clientsOf(chain), 'a').granted).toBe(2);
    expect(clientsOf(chain).other.granted).toBe(999);
  });

  test('a flood that came first gives way: those seen longest stay', async () => {
    const { chain, ask, clock } = counting({ maxClients: 3 });
    await ask('old');
    clock.pass(3_600);
    await ask('old');
    for (const client of ['flood-1', 'flood-2', 'flood-3']) await ask(client);
    clock.pass(599);
    await ask('late');
    expect(names(chain)).toEqual(['old', 'flood-1', 'flood-2']);
    clock.pass(62);
    await ask('late');
    expect(names(chain)).toEqual(['old', 'late']);
    clock.pass(2_930);
    for (const client of ['x', 'y']) await ask(client);
    expect(names(chain)).toContain('old');
    clock.pass(61);
    await ask('z');
    expect(names(chain)).not.toContain('old');
    expect(clientsOf(chain).other.granted).toBe(7);
  });

  test('a place that is taken away leaves its counts with the others', async () => {
    const { chain, ask, clock } = counting({ maxClients: 1 });
    for (const said of ['a', 'a']) await ask(said);
    await ask('a', 'DELETE /pets/7');
    await ask('a', 'POST /orders');
    clock.pass(601);
    await ask('b');
    const { rows, other } = clientsOf(chain);
    expect(rows.map(({ name }) => name)).toEqual(['b']);
    expect(outcomes(other)).toEqual([4, 3, 1, 0, 0]);
    expect(other.reasons).toEqual({ policy_refused: 1 });
    expect(other.cache).toMatchObject({ miss: 1, hit: 3 });
    expect(other.limits['orders']).toMatchObject({ requests: 1, cost: 2, highestUse: 0.2 });
    expect(other.duration.counts.reduce((sum, count) => sum + count, 0)).toBe(4);
  });

  test('free places are looked for once in a minute, so a flood costs no search each time', async () => {
    const { chain, ask, clock } = counting({ maxClients: 1 });
    await ask('a');
    clock.pass(600);
    await ask('b');
    clock.pass(59);
    await ask('b');
    expect(names(chain)).toEqual(['a']);
    clock.pass(1);
    await ask('b');
    expect(names(chain)).toEqual(['b']);
  });

  test('a client with an endless name has no row', async () => {
    const { chain, ask } = counting();
    await ask('n'.repeat(10_000));
    expect(names(chain)).toEqual([]);
    expect(clientsOf(chain).other.granted).toBe(1);
  });

  test('a name is shown on one printable line of 120 characters', async () => {
    const { chain, askAs } = counting();
    await askAs(createPrincipal({ issuer: 'https://as', subject: 'a', clientId: `a\n<b>${'c'.repeat(200)}` }));
    expect(names(chain)).toEqual([`a?<b>${'c'.repeat(115)}`]);
  });

  test('a handler that makes reason codes up as it goes is held to 128 of them', async () => {
    const { chain, ask } = counting();
    for (let index = 0; index < 300; index += 1) await ask(`bad_${index}`);
    const { reasons, total } = statisticsOf(chain);
    expect(reasons.rows).toHaveLength(128);
    expect(reasons.other.refused).toBe(172);
    expect(total.reasons['_OTHER']).toBe(172);
    expect(Object.keys(total.reasons)).toHaveLength(129);
  });
});
