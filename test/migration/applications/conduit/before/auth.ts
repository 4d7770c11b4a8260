import type { Request } from 'express';
import { expressjwt } from 'express-jwt';
import jwt from 'jsonwebtoken';

const secret = process.env['CONDUIT_SECRET'] ?? 'superSecret';

const getToken = ({ headers }: Request): string | undefined => {
  const [scheme, token] = headers.authorization?.split(' ') ?? [];
  return scheme === 'Token' || scheme === 'Bearer' ? token : undefined;
};

export const auth = {
  required: expressjwt({ secret, algorithms: ['HS256'], getToken }),
  optional: expressjwt({ secret, algorithms: ['HS256'], getToken, credentialsRequired: false }),
};

export const generateToken = (id: number): string => jwt.sign({ user: { id } }, secret, { expiresIn: '60d' });
