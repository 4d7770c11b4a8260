import Sequencer from '@jest/test-sequencer';

/**
 * Files that take longest, since they start programs, compile, or run rules from other files. Where Jest has not run them
 * yet, it begins with the files of most bytes. It would come to most of these last, and one worker would wait for the
 * other.
 */
const LONG = [
  'docs/guides',
  'packages/tarballs',
  'docs/recipes',
  'bench/bench',
  'packages/weight',
  'adapters/adapter-rules',
  'fairness/fairness',
  'di/thousand-chains',
  'examples/gateway',
  'types/adapters',
  'repository/examples',
  'repository/api-report',
  ...['behaviour', 'decorators', 'gateways', 'nest', 'services', 'sockets'].flatMap((name) => [
    `adapters/nest/${name}-11`,
    `adapters/nest/${name}-12`,
  ]),
].map((name) => `/test/${name}.test.ts`);

/** The order of a run: the long files, then all others in the order of Jest. */
export default class LongFilesFirst extends Sequencer {
  sort(tests) {
    const rankOf = ({ path }) => {
      const rank = LONG.findIndex((name) => path.endsWith(name));
      return rank === -1 ? LONG.length : rank;
    };
    return super.sort(tests).toSorted((one, other) => rankOf(one) - rankOf(other));
  }
}
