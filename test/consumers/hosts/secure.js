import { fetchSecurity } from '@sallyport/adapters/fetch';
import { chain } from './security.js';

/** The address is that of the header that Next.js adds. */
export const secure = fetchSecurity(chain, { trustedHops: 1 });
