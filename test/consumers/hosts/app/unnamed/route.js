import { secure } from '../../secure.js';

export const GET = secure(() => new Response('let in'));
