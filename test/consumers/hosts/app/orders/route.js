import { principalOf } from '@sallyport/adapters/fetch';
import { secure } from '../../secure.js';

export const GET = secure.route('/orders', (request) => Response.json({ subject: principalOf(request).subject }));
export const POST = secure.route('/orders', async (request) =>
  Response.json({ subject: principalOf(request).subject, body: await request.text() }),
);
