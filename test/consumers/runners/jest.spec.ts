import { test } from '@jest/globals';
import { proofs } from './program';

test.each(proofs)('%s', (_title, prove) => prove());
