import { test } from 'vitest';
import { proofs } from './program';

test.each(proofs)('%s', (_title, prove) => prove());
