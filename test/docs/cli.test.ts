import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { blocksOf, DocumentProject } from './document-project.js';

const DOCUMENT = 'docs/cli.md';
const BIN = 'node_modules/@sallyport/cli/dist/main/bin.js';

/** Each command line of the guide, with what stands below it as its output. */
const SHOWN = blocksOf(DOCUMENT).flatMap(({ language, code }, index, blocks) => {
  const [, line] = /^npx sallyport (.*)\n$/.exec(language === 'sh' ? code : '') ?? [];
  return line === undefined ? [] : [[line, blocks[index + 1]?.code ?? ''] as const];
});

describe(DOCUMENT, () => {
  let project: DocumentProject;

  beforeAll(async () => {
    project = await DocumentProject.open(DOCUMENT);
  });
  afterAll(() => project?.remove());

  test('shows at least one command', () => {
    expect(SHOWN.length).toBeGreaterThan(0);
  });

  test.each(SHOWN)('sallyport %s prints what stands below it', async (line, output) => {
    expect(await project.ended([BIN, ...line.split(' ')])).toMatchObject({ stdout: output });
  });
});
