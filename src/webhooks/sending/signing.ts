/** Secrets and signatures by the Standard Webhooks specification. */
import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

declare const brand: unique symbol;
/** A signing secret: `whsec_` and 24 to 64 bytes in base64. It is shown once, when it is created, and never logged. */
export type WebhookSecret = string & { readonly [brand]: 'WebhookSecret' };

const PREFIX = 'whsec_';
const MIN_BYTES = 24;
const MAX_BYTES = 64;

/** What a secret looks like; completes the sentence "The secret must be …". */
export const SECRET_FORM = `${PREFIX} followed by ${MIN_BYTES} to ${MAX_BYTES} random bytes in base64`;

/** Reads text as a secret, or `null` when it is not one by the specification. */
export function parseSecret(text: string): WebhookSecret | null {
  if (!text.startsWith(PREFIX)) return null;
  const base64 = text.slice(PREFIX.length);
  const bytes = Buffer.from(base64, 'base64');
  // Node reads base64 leniently, so the text must be the same after decoding and encoding.
  return bytes.toString('base64') === base64 && bytes.length >= MIN_BYTES && bytes.length <= MAX_BYTES ? (text as WebhookSecret) : null;
}

/** A new secret of 32 random bytes. */
export const newSecret = (): WebhookSecret => (PREFIX + randomBytes(32).toString('base64')) as WebhookSecret;

/**
 * The three headers of one attempt. `nowMs` is the time of the attempt, because receivers refuse old ones. Each secret gives a
 * signature, so a receiver may have the old or the new secret during a rotation.
 */
export function signedHeaders({
  id,
  body,
  secrets,
  nowMs,
}: {
  id: string;
  body: string;
  secrets: readonly WebhookSecret[];
  nowMs: number;
}): Record<string, string> {
  const at = new Date(nowMs);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(nowMs / 1000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(' '),
  };
}
