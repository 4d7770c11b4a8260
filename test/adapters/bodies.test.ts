import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SecurityChain } from '@sallyport/core';
import { BODY_ROWS, type BodyRow, LIMIT } from './body-corpus.js';
import { BODY_SERVERS } from './body-servers.js';
import { signatureOf, signatures } from './body-signatures.js';
import { type BodyWire, openBodyWire } from './body-wire.js';
import type { DemoServer } from './demo-servers.js';

function linesOf(row: BodyRow): readonly string[] {
  const signed = 'signed' in row ? row.signed : row.body;
  return [
    ...(signed === undefined ? [] : [signatureOf(signed)]),
    ...(row.type === undefined ? [] : [`Content-Type: ${row.type}`]),
    ...(row.lines ?? []),
  ];
}

describe.each(BODY_SERVERS)('$name leaves a body whole for the application', (server) => {
  const servers: DemoServer[] = [];
  const wires: BodyWire[] = [];
  beforeAll(async () => {
    const chain = new SecurityChain({ requirement: signatures(), maxBodyBytes: LIMIT });
    for (const decider of [chain, undefined]) {
      const opened = await server.open(decider);
      servers.push(opened);
      wires.push(await openBodyWire(opened.port, server.protocol));
    }
  });
  afterAll(async () => {
    for (const wire of wires) wire.close();
    for (const opened of servers) await opened.close();
  });

  test.each(BODY_ROWS.filter(({ isFor }) => isFor?.(server) ?? true))('$rule', async (row) => {
    const [secured, bare] = wires as [BodyWire, BodyWire];
    const lines = linesOf(row);
    const answer = await secured.send(row, lines);
    const { expected } = row;
    if (expected === 'same') {
      expect(answer).toEqual(await bare.send(row, lines));
      expect(answer.status).toBeLessThan(500);
    } else if (typeof expected === 'number') expect(answer.status).toBe(expected);
    else expect(answer).toEqual({ status: 200, body: expected.answer });
  });
});
