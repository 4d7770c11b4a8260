import { BrokenRule, type Rule } from '@sallyport/core/testing';

/** The ids of the rules that are not kept. */
export async function brokenRules(rules: readonly Rule[]): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const { id, check } of rules) {
    await check().catch((error: unknown) => {
      if (!(error instanceof BrokenRule)) throw error;
      broken.push(id);
    });
  }
  return broken;
}
