/** A request as its client sent it, before AWS made an event of it. */
export interface Sent {
  /** Default `GET`. */
  readonly method?: string;
  /** The path as the event has it. Default `/orders`. */
  readonly path?: string;
  readonly lines?: readonly (readonly [name: string, value: string])[];
  readonly cookies?: readonly string[];
  readonly body?: Buffer;
}

/** What the function gets. */
export type LambdaEvent = Readonly<Record<string, unknown>>;

/** One source of events, in one version of its format. */
export interface EventSource {
  readonly name: string;
  eventOf(sent: Sent): LambdaEvent;
}

/** The address of the client, and the chain of a proxy that tells it. */
export const CLIENT = '198.51.100.7';

const QUERY = { page: '2' };

/** In the order in which they were sent. */
function valuesOf({ lines = [], cookies = [] }: Sent): Readonly<Record<string, string[]>> {
  const sent = [...lines, ['X-Forwarded-For', CLIENT], ['Host', 'api.example.com']] as [string, string][];
  if (cookies.length > 0) sent.push(['Cookie', cookies.join('; ')]);
  const values: Record<string, string[]> = {};
  for (const [name, value] of sent) values[name] = [...(values[name] ?? []), value];
  return values;
}

/** One text for each name. */
function single(sent: Sent, pick: (values: readonly string[]) => string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(valuesOf(sent)).map(([name, values]) => [name, pick(values)]));
}

function bodyOf({ body }: Sent): object {
  return { body: body?.toString('base64') ?? null, isBase64Encoded: body !== undefined };
}

const last = (values: readonly string[]): string => values.at(-1) as string;

/** Both sets of headers: in `headers`, the last value of each name. */
const apiGateway1: EventSource = {
  name: 'API Gateway, format 1.0',
  eventOf: (sent) => ({
    resource: '/{proxy+}',
    path: sent.path ?? '/orders',
    httpMethod: sent.method ?? 'GET',
    headers: single(sent, last),
    multiValueHeaders: valuesOf(sent),
    queryStringParameters: QUERY,
    multiValueQueryStringParameters: { page: ['2'] },
    pathParameters: null,
    requestContext: { stage: 'live', requestId: 'request-1', identity: { sourceIp: CLIENT } },
    ...bodyOf(sent),
  }),
};

/** Names in lower case, values of one name joined by comma, cookies apart. */
const apiGateway2: EventSource = {
  name: 'API Gateway, format 2.0',
  eventOf: ({ cookies, ...sent }) => ({
    version: '2.0',
    routeKey: '$default',
    rawPath: sent.path ?? '/orders',
    rawQueryString: 'page=2',
    ...(cookies && { cookies }),
    headers: Object.fromEntries(
      Object.entries(single(sent, (values) => values.join(','))).map(([name, value]) => [name.toLowerCase(), value]),
    ),
    requestContext: {
      stage: '$default',
      requestId: 'request-1',
      domainName: 'api.example.com',
      http: { method: sent.method ?? 'GET', path: sent.path ?? '/orders', sourceIp: CLIENT },
    },
    ...bodyOf(sent),
  }),
};

/** A load balancer, with the attribute for several values. It tells the address of the client in X-Forwarded-For alone. */
const loadBalancer: EventSource = {
  name: 'ALB, several values',
  eventOf: (sent) => ({
    path: sent.path ?? '/orders',
    httpMethod: sent.method ?? 'GET',
    multiValueHeaders: Object.fromEntries(
      Object.entries(valuesOf(sent)).map(([name, values]) => [name.toLowerCase(), values]),
    ),
    multiValueQueryStringParameters: { page: ['2'] },
    requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/orders/1' } },
    ...bodyOf(sent),
    body: sent.body?.toString('base64') ?? '',
  }),
};

export const EVENT_SOURCES: readonly EventSource[] = [apiGateway1, apiGateway2, loadBalancer];
