import { isIP } from 'node:net';

/**
 * The client's address behind a known number of trusted proxies, each of which appends its peer to X-Forwarded-For.
 * With no trusted hop the header is not read at all; with fewer entries than hops the header is not believed.
 */
export function clientAddress(
  peer: string | undefined,
  rawHeaders: readonly string[],
  trustedHops: number,
): string | undefined {
  if (trustedHops === 0) return known(peer);
  const chain = forwardedFor(rawHeaders);
  const claimed = withoutPort(chain[chain.length - trustedHops] ?? '');
  return isIP(claimed) !== 0 ? claimed : known(peer);
}

/** Some hosts write "" for an address that they do not know. */
function known(peer: string | undefined): string | undefined {
  return peer === '' ? undefined : peer;
}

/** `192.0.2.1:4711`, `[2001:db8::1]` and `[2001:db8::1]:4711`: some proxies append the port, or write brackets. */
function withoutPort(entry: string): string {
  const [, bracketed, plain] = PORTED.exec(entry) ?? [];
  return bracketed ?? plain ?? entry;
}

const PORTED = /^(?:\[([^\]]*)\](?::\d{1,5})?|([\d.]+):\d{1,5})$/;

function forwardedFor(rawHeaders: readonly string[]): readonly string[] {
  const lines = rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'x-forwarded-for',
  );
  return lines.flatMap((line) => line.split(',')).map((entry) => entry.trim());
}
