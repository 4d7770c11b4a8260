import { option } from '@sallyport/core/extend';
import { compiledScheme, type SchemeSettings, WEBHOOK_SCHEME, type WebhookScheme } from './webhook-scheme.js';

/** The schemes that are known by name. */
export type WebhookVendor = 'github' | 'stripe' | 'slack' | 'shopify' | 'standardWebhooks';

/** How well-known vendors sign their deliveries, each by the document of the vendor. */
const VENDOR_SCHEMES: Readonly<Record<WebhookVendor, WebhookScheme>> = {
  // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
  github: {
    signatureHeader: 'X-Hub-Signature-256',
    signaturePrefix: 'sha256=',
    encoding: 'hex',
    signs: '{body}',
    idHeader: 'X-GitHub-Delivery',
  },
  // https://docs.stripe.com/webhooks#verify-manually
  stripe: {
    signatureHeader: 'Stripe-Signature',
    signaturePrefix: 'v1=',
    separator: ',',
    encoding: 'hex',
    signs: '{timestamp}.{body}',
    timestampPrefix: 't=',
  },
  // https://docs.slack.dev/authentication/verifying-requests-from-slack
  slack: {
    signatureHeader: 'X-Slack-Signature',
    signaturePrefix: 'v0=',
    encoding: 'hex',
    signs: 'v0:{timestamp}:{body}',
    timestampHeader: 'X-Slack-Request-Timestamp',
  },
  // https://shopify.dev/docs/apps/build/webhooks/verify-deliveries
  shopify: {
    signatureHeader: 'X-Shopify-Hmac-SHA256',
    encoding: 'base64',
    signs: '{body}',
    idHeader: 'X-Shopify-Webhook-Id',
  },
  // https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
  standardWebhooks: {
    signatureHeader: 'Webhook-Signature',
    signaturePrefix: 'v1,',
    separator: ' ',
    encoding: 'base64',
    signs: '{id}.{timestamp}.{body}',
    timestampHeader: 'Webhook-Timestamp',
    idHeader: 'Webhook-Id',
    secretEncoding: 'base64',
    secretPrefix: 'whsec_',
  },
};

/** A scheme, and the name of its vendor; without a name, it is the application's own. */
export interface NamedScheme extends SchemeSettings {
  readonly vendor: WebhookVendor | undefined;
}

const vendorName = option.oneOf(...(Object.keys(VENDOR_SCHEMES) as WebhookVendor[]));

/** The option check of a scheme: the name of a vendor, or a scheme of the application. */
export const namedScheme: option.Check<NamedScheme, WebhookVendor | WebhookScheme> = option.withSchema(
  { anyOf: [vendorName.schema as option.Schema, WEBHOOK_SCHEME.schema] },
  (value, name) => {
    const vendor = typeof value === 'string' ? vendorName(value, name) : undefined;
    const scheme = compiledScheme(vendor === undefined ? value : VENDOR_SCHEMES[vendor], name);
    return Object.freeze({ ...scheme, vendor });
  },
);
