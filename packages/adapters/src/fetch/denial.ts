import type { PublicAnswer } from '@sallyport/core';
import { headerFields } from '../node/write-denial.js';

/** Lines of one name are joined by comma (RFC 9110 5.3): fetch has no other way to hold them. */
export function responseOf(denied: PublicAnswer): Response {
  const fields = [...headerFields(denied.headers)].map(([name, value]) => [name, [value].flat().join(', ')] as const);
  const length = String(Buffer.byteLength(denied.body));
  return new Response(denied.body, {
    status: denied.status,
    headers: { ...Object.fromEntries(fields), 'content-length': length },
  });
}
