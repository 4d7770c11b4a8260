import { expect } from '@jest/globals';
import { BrokenRule, type Rule } from '@sallyport/core/testing';

/** The rules that are not kept, each as `id: message`. */
export async function brokenRules(rules: readonly Rule[]): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const { id, check } of rules) {
    await check().catch((error: unknown) => {
      if (!(error instanceof BrokenRule)) throw error;
      broken.push(`${id}: ${error.message}`);
    });
  }
  return broken;
}

/** Matches what `brokenRules` says of a rule: its message has to contain `told`. */
export function breach(rule: string, told: string): unknown {
  const escaped = told.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return expect.stringMatching(new RegExp(`^${rule}: .*${escaped}`));
}
