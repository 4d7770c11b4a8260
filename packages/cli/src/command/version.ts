import { readFile } from 'node:fs/promises';

/** The version of this package. Every file of the build lies as deep in the package as this source. */
export async function version(): Promise<string> {
  const manifest = new URL('../../package.json', import.meta.url);
  return (JSON.parse(await readFile(manifest, 'utf8')) as { version: string }).version;
}
