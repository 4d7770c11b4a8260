import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { enacted } from './enactment.js';
import { CASES, trees, worlds } from './random-worlds.js';
import { judge, type Sentence } from './requirement-oracle.js';
import { HANDLER_NAMES } from './world.js';

function inOrder({ judgement, asked }: Sentence): Sentence {
  if ('refused' in judgement) return { judgement, asked };
  const granted = HANDLER_NAMES.filter((name) => judgement.granted.includes(name));
  return { judgement: { granted, attempted: judgement.attempted }, asked };
}

describe('the algebra of requirements', () => {
  test('every random requirement decides as the rules do, and asks the same handlers in the same order', async () => {
    const decidesAlike = fc.asyncProperty(trees({ lenient: true }), worlds(), async (tree, world) => {
      expect(await enacted(tree, world)).toEqual(inOrder(judge(tree, world)));
    });
    await fc.assert(decidesAlike, CASES);
  }, 600_000);
});
