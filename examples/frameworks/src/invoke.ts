import { readFile } from 'node:fs/promises';
import { handler } from './lambda.js';

// Takes the place of AWS Lambda while you try the example: calls the handler with the event of a file, and prints the
// answer. Where the event says TOKEN, the environment's stands.
const [file = ''] = process.argv.slice(2);
const event = await readFile(file, 'utf8');
const answer = await handler(JSON.parse(event.replaceAll('TOKEN', process.env['TOKEN'] ?? '')), {});
console.log(JSON.stringify(answer, null, 2));
