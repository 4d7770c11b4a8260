import { isIPv4, isIPv6 } from 'node:net';

/** The network of requests whose address is not known, for example over a Unix socket. */
export const UNKNOWN_NETWORK = 'unknown';

/** How sockets that listen on both families spell IPv4 addresses. */
const MAPPED = '::ffff:';

/**
 * The network that counts as one source: an IPv4 address, or the /64 around an IPv6 address, which is what one
 * subscriber gets. Every spelling of an address gives the same network; IPv4 in IPv6 is IPv4.
 */
export function networkOf(address: string | undefined): string {
  return networksOf(address).at(-1) as string;
}

/**
 * The networks around an address, from wide to narrow: /24 and the address itself for IPv4; /32, /48 and /64 for IPv6.
 * Places are shared at every one of these widths, so a caller with a fresh /64 for each request is still one party.
 * Requests without an address are one network of their own.
 */
export function networksOf(address: string | undefined): readonly [widest: string, ...narrower: string[]] {
  // An adapter without types may hand over null.
  if (typeof address !== 'string') return [UNKNOWN_NETWORK];
  if (isIPv4(address)) return networksOfIPv4(address);
  const mapped = address.startsWith(MAPPED) ? address.slice(MAPPED.length) : '';
  if (isIPv4(mapped)) return networksOfIPv4(mapped);
  const [withoutZone = ''] = address.split('%', 1);
  if (!isIPv6(withoutZone)) return [UNKNOWN_NETWORK];
  const groups = groupsOf(withoutZone);
  const inside = mappedIPv4(groups);
  if (inside !== undefined) return networksOfIPv4(inside);
  const prefix = (length: number) => `${groups.slice(0, length).join(':')}::/${16 * length}`;
  return [prefix(2), prefix(3), prefix(4)];
}

function networksOfIPv4(address: string): [string, string] {
  return [`${address.slice(0, address.lastIndexOf('.'))}.0/24`, address];
}

/** The eight groups in lower case without leading zeros. URL brings every spelling into one form (RFC 5952). */
function groupsOf(address: string): readonly string[] {
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::', 2);
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  return [...before, ...new Array<string>(8 - before.length - after.length).fill('0'), ...after];
}

/** `::ffff:0:0/96` (RFC 4291 2.5.5.2). */
function mappedIPv4(groups: readonly string[]): string | undefined {
  if (groups.slice(0, 6).join(':') !== '0:0:0:0:0:ffff') return undefined;
  const [high, low] = groups.slice(6).map((group) => Number.parseInt(group, 16)) as [number, number];
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}
