import { AuthorizationServer } from '@sallyport/core/testing';

// Runs the example with two stand-ins for its authorization servers, and prints requests to try.
const [corporate, partner] = await Promise.all([AuthorizationServer.start(), AuthorizationServer.start()]);
process.env['PORT'] ??= '3000';
for (const [name, authority] of Object.entries({ CORPORATE: corporate, PARTNER: partner })) {
  process.env[`${name}_INTROSPECTION`] = authority.introspectionEndpoint;
  process.env[`${name}_CLIENT_ID`] = authority.clientId;
  process.env[`${name}_CLIENT_SECRET`] = authority.clientSecret;
}

const alice = await corporate.as({ subject: 'alice', scopes: ['orders.read'] }, { opaque: true });
const shop = await partner.as({ subject: 'shop' }, { opaque: true });
const origin = `http://127.0.0.1:${process.env['PORT']}`;
console.log(`# Open to everybody
curl -i ${origin}/health

# A token of the corporate authority
curl -i -H 'Authorization: Bearer ${alice.bearer}' ${origin}/orders

# The partner does not know it: 401
curl -i -H 'Authorization: Bearer ${alice.bearer}' ${origin}/partner/orders

# A token of the partner
curl -i -H 'Authorization: Bearer ${shop.bearer}' ${origin}/partner/orders

# A badge, for the handler of the example's own
curl -i -X POST -H 'X-Badge: badge-0001' ${origin}/doors

# A badge of somebody who is off duty: 403
curl -i -X POST -H 'X-Badge: badge-0002' ${origin}/doors
`);

await import('./main.js');
await Promise.all([corporate.close(), partner.close()]);
