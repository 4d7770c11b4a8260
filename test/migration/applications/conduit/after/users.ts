import { Router } from 'express';
import { auth, generateToken, readerOf } from './auth.js';
import { findUser, findUserByEmail } from './store.js';

export const users = Router();

users.post('/users/login', (request, response) => {
  const { email, password } = request.body.user;
  const user = findUserByEmail(email);
  if (user === undefined || user.password !== password) {
    return void response.status(403).json({ errors: { 'email or password': ['is invalid'] } });
  }
  response.json({ user: { email, username: user.username, token: generateToken(user.id) } });
});

users.get('/user', auth.required, (request, response) => {
  const user = findUser(readerOf(request));
  response.json({ user: { email: user?.email, username: user?.username } });
});
