import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { blocksOf, DocumentProject } from './document-project.js';

/** Opens a guide as a reader does, with nothing but the tarballs installed, and compiles it. */
export function openGuide(document: string): { readonly project: DocumentProject } {
  const guide = {} as { project: DocumentProject };
  beforeAll(async () => {
    guide.project = await DocumentProject.open(document, { '3000': '0' });
  });
  afterAll(() => guide.project?.remove());

  test('every TypeScript block names its file and compiles under strict', async () => {
    expect(blocksOf(document).filter(({ language, file }) => language === 'ts' && file === undefined)).toEqual([]);
    expect(await guide.project.compile()).toBe('');
  });
  return guide;
}
