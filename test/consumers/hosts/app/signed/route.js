import { secure } from '../../secure.js';

export const POST = secure.route('/signed', async (request) => Response.json({ body: await request.text() }));
