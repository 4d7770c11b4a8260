import { applicationOf } from './application.js';

declare const Bun: { serve(options: object): { readonly port: number } };

const fetch = applicationOf(JSON.parse(process.env['SETTINGS'] ?? ''));
console.log(Bun.serve({ port: 0, hostname: '127.0.0.1', fetch }).port);
