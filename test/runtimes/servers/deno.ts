import { applicationOf } from './application.js';

declare const Deno: { serve(options: object, handler: unknown): unknown };

const onListen = ({ port }: { readonly port: number }) => console.log(port);
Deno.serve({ port: 0, hostname: '127.0.0.1', onListen }, applicationOf(JSON.parse(process.env['SETTINGS'] ?? '')));
