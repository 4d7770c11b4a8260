import { describe, expect, test } from '@jest/globals';
import { documentOf } from '../support/markdown.js';
import { openGuide } from './open-guide.js';

const PAGE = 'docs/analytics.md';

describe(PAGE, () => {
  const guide = openGuide(PAGE);

  test('the report prints what the page shows', async () => {
    const [printed] = documentOf(PAGE).split('It prints:\n\n```\n')[1]?.split('```') ?? [];
    expect(await guide.project.node(['report.js'])).toBe(printed);
  });

  test('the configuration file switches them on', async () => {
    guide.project.write(
      'from-a-file.js',
      `import { chainFrom } from '@sallyport/configuration';
      import { denied, headerHandler } from '@sallyport/core';
      const handler = (_options, { name }) => headerHandler({ name, header: 'X-Key', verify: () => denied('no') });
      const chain = await chainFrom('security.yaml', { kinds: { 'staff-keys': { handler } } });
      console.log(chain.statistics.total.decisions);`,
    );
    expect(await guide.project.node(['from-a-file.js'])).toBe('0\n');
  });

  test('what watches the chain ends with the process', async () => {
    expect(await guide.project.node(['--input-type=module', '--eval', "await import('./intervals.js')"])).toBe('');
    expect(await guide.project.node(['--input-type=module', '--eval', "await import('./metrics.js')"])).toBe('');
  });
});
