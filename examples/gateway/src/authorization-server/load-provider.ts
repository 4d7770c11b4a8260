import type Provider from 'oidc-provider';

/**
 * Loads oidc-provider without its notice about Node lines that are older than it wants or not LTS. The `package.json`
 * of this example states the lines that it supports, so the notice is no news. All other output passes.
 */
export async function loadProvider(): Promise<typeof Provider> {
  const { warn } = console;
  console.warn = (...args: unknown[]) => {
    if (!String(args[0]).includes('Unsupported runtime')) warn(...args);
  };
  try {
    return (await import('oidc-provider')).default;
  } finally {
    console.warn = warn;
  }
}
