/** Verifies the deliveries of Quire's webhooks (Standard Webhooks 1.0, https://www.standardwebhooks.com). */

/** A delivery that is older or newer than this many seconds is refused. */
const TOLERANCE_SECONDS = 300;

const fromBase64 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/**
 * Whether a delivery was signed with `secret` (`whsec_…`). `body` is the text as it came, before JSON.parse. While a secret is
 * being rotated a delivery has two signatures, and one of them is enough.
 */
export async function isFromQuire(headers: Headers, body: string, secret: string, nowMs: number = Date.now()): Promise<boolean> {
  const id = headers.get('webhook-id');
  const timestamp = headers.get('webhook-timestamp');
  const signatures = headers.get('webhook-signature');
  if (id === null || timestamp === null || signatures === null || !/^\d+$/.test(timestamp)) return false;
  if (Math.abs(nowMs / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', fromBase64(secret.replace(/^whsec_/, '')), algorithm, false, ['verify']);
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  for (const one of signatures.split(' ')) {
    const [version, signature] = one.split(',');
    if (version !== 'v1' || signature === undefined || !/^[A-Za-z0-9+/]+=*$/.test(signature)) continue;
    // `verify` compares in constant time.
    if (await crypto.subtle.verify(algorithm, key, fromBase64(signature), signed)) return true;
  }
  return false;
}
