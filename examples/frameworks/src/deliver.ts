import { createHmac, randomUUID } from 'node:crypto';

/** Delivers an order as a shop does: node deliver.js <address> <item> */
const [address = 'http://localhost:3000', item = 'tea'] = process.argv.slice(2);
const key = Buffer.from((process.env['WEBHOOK_SECRET'] ?? '').replace('whsec_', ''), 'base64');
const id = `msg_${randomUUID()}`;
const seconds = Math.floor(Date.now() / 1_000);
const body = JSON.stringify({ item });
const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64');

async function deliver(sent: string): Promise<string> {
  const headers = {
    'Content-Type': 'application/json',
    'Webhook-Id': id,
    'Webhook-Timestamp': String(seconds),
    'Webhook-Signature': `v1,${signature}`,
  };
  const response = await fetch(`${address}/deliveries`, { method: 'POST', headers, body: sent });
  return `${response.status} ${await response.text()}`;
}

console.log(`changed on its way: ${await deliver(JSON.stringify({ item: `more ${item}` }))}`);
console.log(`as it was signed: ${await deliver(body)}`);
console.log(`recorded and sent again: ${await deliver(body)}`);
