import type { FastifyInstance } from 'fastify';
import { authenticate, requireAdmin, userOf } from './authenticate.js';
import { addNote, allNotes, findAccount, notesOf } from './store.js';

export async function notes(app: FastifyInstance): Promise<void> {
  app.get('/health', async () => ({ status: 'up' }));

  app.post<{ Body: { name: string; password: string } }>('/login', async (request, reply) => {
    const account = findAccount(request.body.name);
    if (account === undefined || account.password !== request.body.password) {
      return reply.code(403).send({ error: 'Wrong name or password' });
    }
    const token = app.jwt.sign({ id: account.id, name: account.name, roles: account.roles }, { expiresIn: '7d' });
    return reply.setCookie('token', token, { path: '/', httpOnly: true, sameSite: 'strict' }).send({ token });
  });

  app.get('/me', { onRequest: authenticate }, async (request) => {
    return { id: userOf(request).id, name: userOf(request).name };
  });

  app.get('/notes', { onRequest: authenticate }, async (request) => {
    return { notes: notesOf(userOf(request).id) };
  });

  app.post<{ Body: { text: string } }>('/notes', { onRequest: authenticate }, async (request, reply) => {
    return reply.code(201).send(addNote(userOf(request).id, request.body.text));
  });

  app.get('/admin/notes', { onRequest: requireAdmin }, async () => {
    return { notes: allNotes() };
  });
}
