import type Provider from 'oidc-provider';

/**
 * Loads oidc-provider without its notice about Node lines other than the current LTS ones: the line is a condition
 * of this example, not news to who runs it. Everything else that it prints passes.
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
