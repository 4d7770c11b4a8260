import * as net from 'node:net';
import { option } from '@sallyport/core/extend';

/** What a peer over a Unix domain socket is called: it has no address, and the file's permissions say who it may be. */
export const UNIX = 'unix';

/** The addresses of trusted proxies. */
export class ProxyNetworks {
  readonly #addresses = new net.BlockList();
  #hasUnix = false;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID for what is no address and no network */
  constructor(networks: readonly string[], name: string) {
    for (const [index, network] of networks.entries()) {
      if (network === UNIX) this.#hasUnix = true;
      else this.#add(network, `${name}[${index}]`);
    }
  }

  /** Whether a proxy has this address. An IPv4 address in IPv6 is IPv4. */
  has(peer: string | undefined): boolean {
    if (peer === UNIX) return this.#hasUnix;
    const address = peer?.split('%', 1)[0] ?? '';
    const version = net.isIP(address);
    return version !== 0 && this.#addresses.check(address, version === 4 ? 'ipv4' : 'ipv6');
  }

  #add(network: string, name: string): void {
    const [address = '', length, ...rest] = network.split('/');
    const version = net.isIP(address);
    const bits = version === 4 ? 32 : 128;
    const prefix = length === undefined ? bits : /^\d{1,3}$/.test(length) ? Number(length) : -1;
    if (version === 0 || address.includes('%') || prefix < 0 || prefix > bits || rest.length > 0)
      throw option.invalid(name, 'must be an address, a network such as 10.0.0.0/8 or fd00::/8, or unix');
    this.#addresses.addSubnet(address, prefix, version === 4 ? 'ipv4' : 'ipv6');
  }
}
