import { readFileSync } from 'node:fs';
import type { AuthenticationOptions } from '@sallyport/core';

/** What an operation demands of a login, the login, and the challenge (RFC 9470 3); none where the login does. */
export interface StepUpVector {
  readonly why: string;
  readonly demand: AuthenticationOptions;
  readonly login: { readonly acr?: unknown; readonly ageSeconds?: number; readonly authTime?: number };
  readonly nowMs?: number;
  readonly challenge?: string;
}

export const STEP_UP_VECTORS: readonly StepUpVector[] = JSON.parse(
  readFileSync(new URL('../vectors/guard/step-up.json', import.meta.url), 'utf8'),
);
