import { principalOf } from '@sallyport/adapters/fetch';
import { secure } from '../../../secure.js';

export const GET = secure.route('/orders/{id}', async (request, { params }) => {
  const { id } = await params;
  return Response.json({ subject: principalOf(request).subject, id });
});
