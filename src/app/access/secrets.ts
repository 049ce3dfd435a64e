/** Keys and tokens of sessions: how they are made, and what is kept of them. */
import { createHash, randomBytes } from 'node:crypto';

/** Bytes of chance in a key: 256 bits. */
const SECRET_BYTES = 32;

/** Begins every key that Quire makes, so that scanners of repositories and logs can find one. */
const KEY_PREFIX = 'quire_';

/** A new key: `quire_` and 43 characters. It is shown once. */
export const newKeyText = (): string => KEY_PREFIX + newToken();

/** A new token: 43 letters, digits, `-` and `_`. */
export const newToken = (): string => randomBytes(SECRET_BYTES).toString('base64url');

/**
 * What is kept of a key or a token. One round of SHA-256 is right here, and a slow hash for passwords is not: a text with 256 bits of chance
 * cannot be guessed however fast the guesses are, and every request needs the hash of its key. Keys of `API_KEYS` may be weaker. Their hashes
 * stay in memory, except in the record of a session.
 */
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The id of a new key: 12 letters and digits. */
export const newKeyId = (): string =>
  `k${BigInt(`0x${randomBytes(8).toString('hex')}`)
    .toString(36)
    .padStart(13, '0')
    .slice(-11)}`;
