/**
 * The policy by which a Redis drops keys before their time, read from the reply of INFO; undefined when it drops none, or
 * when the reply does not tell.
 */
export function evictionPolicyIn(reply: unknown): string | undefined {
  const memberOf = (name: string) => new RegExp(`^${name}:([\\w-]{1,40})\\r?$`, 'm').exec(String(reply))?.[1];
  const policy = memberOf('maxmemory_policy');
  return memberOf('maxmemory') === '0' || policy === 'noeviction' ? undefined : policy;
}
