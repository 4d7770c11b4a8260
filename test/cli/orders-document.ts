/** A small document with all kinds of security. `changes` replace the security of operations. */
export function ordersDocument(changes: Readonly<Record<string, unknown>> = {}): object {
  const operation = (operationId: string, security: unknown) => ({
    operationId,
    security: changes[operationId] ?? security,
    responses: { 200: { description: 'done' } },
  });
  return {
    openapi: '3.0.4',
    info: { title: 'Orders', version: '1.0.0' },
    servers: [{ url: 'https://api.example.com/shop' }],
    paths: {
      '/orders': {
        get: operation('listOrders', [{ oauth: ['orders:read'] }, { key: [] }]),
        post: operation('placeOrder', [{ oauth: ['orders:write', 'orders:read'], key: [] }]),
      },
      '/orders/{id}': { get: operation('getOrder', [{ oauth: ['orders:read'] }, {}]) },
      '/health': { get: operation('health', []) },
    },
    components: {
      securitySchemes: {
        oauth: {
          type: 'oauth2',
          flows: { clientCredentials: { tokenUrl: 'https://as.example.com/token', scopes: { 'orders:read': 'r' } } },
        },
        key: { type: 'apiKey', in: 'header', name: 'X-Key' },
      },
    },
  };
}
